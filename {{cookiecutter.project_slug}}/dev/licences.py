"""The licences of what is installed with the service: `python -m dev.licences` names each one that is not allowed.

Only what the service needs to run counts, with all that those packages need. The allowed licences and the exceptions, each with its reason,
are `[tool.licences]` in pyproject.toml.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Final

import click
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).resolve().parents[1]
CLASSIFIER: Final = "License :: "


def needed(requirements: Iterable[str]) -> set[str]:
    """The names of the packages that these requirements bring in here."""
    waiting = [Requirement(text) for text in requirements]
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate():
            continue
        for extra in ("", *requirement.extras):
            if (requirement.name, extra) not in seen:
                seen.add((requirement.name, extra))
                waiting += _asked_for_by(requirement.name, extra)
    return {canonicalize_name(name) for name, _ in seen}


def _asked_for_by(name: str, extra: str) -> Iterator[Requirement]:
    for text in metadata.requires(name) or []:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            requirement.marker = None
            yield requirement


def licence_of(name: str) -> str:
    """The licence as the package tells it: an SPDX expression, else its classifiers, else free text; empty if it tells nothing."""
    told = metadata.metadata(name)
    if "License-Expression" in told:
        return told["License-Expression"]
    classifiers = [line for line in told.get_all("Classifier") or [] if line.startswith(CLASSIFIER)]
    if classifiers:
        return " OR ".join(line.split(" :: ")[-1] for line in classifiers)
    free_text = told.get_all("License") or [""]
    return str(free_text[0]).partition("\n")[0].strip()


def is_allowed(licence: str, allowed: set[str]) -> bool:
    """Whether one alternative asks only for allowed licences; with brackets, all that is named must be allowed."""
    alternatives = [re.sub(r"[()]", "", licence)] if "(" in licence else licence.split(" OR ")
    return any(set(re.split(r" (?:AND|OR|WITH) ", alternative)) <= allowed for alternative in alternatives)


def refused(licences: Mapping[str, str], allowed: set[str], excepted: Mapping[str, str]) -> Iterator[str]:
    """What is wrong: licences that are not allowed, and exceptions that nothing needs or that have no reason."""
    for name, licence in sorted(licences.items()):
        if name not in excepted and not is_allowed(licence, allowed):
            yield f"{name}: {licence or 'tells no licence'}"
    for name, reason in excepted.items():
        if name not in licences or is_allowed(licences[name], allowed):
            yield f"the exception for {name} is not needed: remove it"
        elif not reason.strip():
            yield f"the exception for {name} has no reason"


def main(root: Path = ROOT) -> None:
    """Print what is wrong; status 1 if anything is."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    rules = project["tool"]["licences"]
    try:
        licences = {name: licence_of(name) for name in needed(project["project"]["dependencies"])}
    except metadata.PackageNotFoundError as error:
        raise SystemExit(f"{error.name} is not installed: uv sync") from None
    wrong = list(refused(licences, set(rules["allow"]), rules.get("except", {})))
    click.echo("\n".join([*wrong, f"{len(licences)} packages, {len(wrong)} to mend"]))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
