"""A contract of twelve operations is short by hand, and the tools make a service of it that can be imported."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from devkit.tests.processes import SERVICE

from service_devkit.contract.commands import contract
from service_devkit.contract.operations import METHODS
from service_devkit.scaffold.command import scaffold

BY_HAND = Path(__file__).with_name("tickets.yaml").read_text(encoding="utf-8")
# Where each part of it belongs in the contract of a service, whose parts have these lines before them.
PLACES = {"tags:\n": "tags:\n", "paths:\n": "\npaths:\n", "components:\n  schemas:\n": "\n  schemas:\n"}


def _whole(by_hand: str) -> str:
    """The contract of the template's service with another one's parts."""
    text = (SERVICE / "contracts" / "openapi.yaml").read_text(encoding="utf-8")
    starts = [*(by_hand.index(start) for start in PLACES), len(by_hand)]
    for (start, place), begin, end in zip(PLACES.items(), starts, starts[1:], strict=False):
        text = text.replace(place, place + by_hand[begin + len(start) : end], 1)
    return text


def _python(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=root, capture_output=True, text=True, check=False)  # noqa: S603 - our own command


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A service that was grown by the tickets, and what each command said."""
    root = tmp_path_factory.mktemp("tickets")
    for name in ("app", "tests", "contracts"):
        shutil.copytree(SERVICE / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(SERVICE / "pyproject.toml", root)
    (root / "contracts" / "openapi.yaml").write_text(_whole(BY_HAND), encoding="utf-8")
    said = {}
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(root)
        for command, *arguments in (
            (contract, "fill"),
            (contract, "lint"),
            (contract, "generate"),
            (scaffold, "tickets"),
            (scaffold, "comments"),
        ):
            result = CliRunner().invoke(command, arguments)
            said[arguments[0]] = result.output
            assert (arguments, result.exit_code) == (arguments, 0), result.output
    return root, said


def test_twelve_operations_are_at_most_250_lines_by_hand() -> None:
    operations = [line for line in BY_HAND.splitlines() if line.strip().rstrip(":") in METHODS]

    assert (len(operations), len(BY_HAND.splitlines()) <= 250) == (12, True)


def test_what_is_implied_is_filled_in_and_nothing_is_left_to_find(grown: tuple[Path, dict[str, str]]) -> None:
    _, said = grown

    assert said["lint"].endswith("findings: 0\n"), said["lint"]
    assert "places filled in: " in said["fill"]


def test_types_and_what_scaffold_writes_can_be_imported(grown: tuple[Path, dict[str, str]]) -> None:
    root, _ = grown

    done = _python(root, "-c", "from app.main import create_app; create_app()")

    assert done.returncode == 0, done.stderr


def test_what_scaffold_does_not_write_it_names(grown: tuple[Path, dict[str, str]]) -> None:
    _, said = grown

    left = [line for line in (said["tickets"] + said["comments"]).splitlines() if line.startswith("left to you: ")]

    assert [line.partition(": it answers")[0] for line in left if "it answers" in line] == [
        "left to you: POST /api/v1/ticket-requests (request_help)",
        "left to you: POST /api/v1/tickets/{ticket_id}/close (close_ticket)",
    ]


def test_contract_gate_names_what_nobody_has_written_and_nothing_else(grown: tuple[Path, dict[str, str]]) -> None:
    root, _ = grown

    done = _python(root, "-m", "service_devkit", "contract", "verify")

    lines = [line for line in done.stdout.splitlines() if line]
    assert (done.returncode, len(lines), lines[-1][-13:]) == (1, 7, "deviations: 2"), done.stdout + done.stderr
    assert [re.sub(r":\d+$", ":LINE", line) for line in lines[:6]] == [
        "POST /api/v1/ticket-requests  app/api/v1/tickets.py:LINE",
        "    not written yet: it is what `devkit scaffold` left",
        "    -> write what it does, its responses and its tests",
        "POST /api/v1/tickets/{ticket_id}/close  app/api/v1/tickets.py:LINE",
        "    not written yet: it is what `devkit scaffold` left",
        "    -> write what it does, its responses and its tests",
    ]
