"""What the operations of a contract were seen to answer."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from service_devkit.contract.operations import operations
from service_devkit.contract.responses import DeclaredResponses, Response
from service_devkit.contract.values import Node

_ADVICE: Final = (
    "Correct the example of the contract, link it to what makes its ids, "
    "or give a reason in [tool.devkit.contract.never-successful] of pyproject.toml."
)


class Seen:
    """The statuses by operation (`METHOD /path`), and what was against the contract."""

    def __init__(self, contract: Node) -> None:
        self._promises = DeclaredResponses(contract)
        self._ids = {name: str(each.get("operationId") or name) for name, each in operations(contract).items()}
        self.statuses: dict[str, Counter[int]] = {name: Counter() for name in self._ids}
        self.violations: dict[str, None] = {}

    def add(self, response: Response) -> None:
        """Note an answer, and hold it against the contract."""
        self._count(response.method, response.path, response.status)
        self.violations.update(dict.fromkeys(self._promises.violations(response)))

    def add_file(self, har: Path) -> None:
        """Note the answers in a file of schemathesis, which has checked them; it writes none where it could not begin."""
        if not har.exists():
            return
        for entry in json.loads(har.read_text(encoding="utf-8"))["log"]["entries"]:
            request, response = entry["request"], entry["response"]
            self._count(request["method"], urlsplit(request["url"]).path, int(response["status"]))

    def _count(self, method: str, path: str, status: int) -> None:
        name = f"{method.upper()} {self._promises.path_of(path)}"
        if name in self.statuses:
            self.statuses[name][status] += 1

    def without_success(self, excused: Mapping[str, str]) -> Iterator[str]:
        """The operations that never answered with 2xx or 3xx, each with what it answered: nothing was tried behind the refusal.

        Args:
            excused: by operationId, the reason why no made-up input can succeed.
        """
        for name, statuses in self.statuses.items():
            if self._ids[name] in excused or any(200 <= status < 400 for status in statuses):  # noqa: PLR2004 - the classes of RFC 9110
                continue
            counts = ", ".join(f"{status} ({count} times)" for status, count in sorted(statuses.items()))
            answers = f"answered {counts}" if counts else "never tried"
            yield f"{name} ({self._ids[name]}): never successful, so nothing behind it was tried; {answers}. {_ADVICE}"
        yield from (
            f"[tool.devkit.contract.never-successful]: the contract has no operation {name}"
            for name in sorted(set(excused) - set(self._ids.values()))
        )
