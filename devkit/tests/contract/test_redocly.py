"""Redocly, where it is installed. The program itself is outside of this project: a script stands for it."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from devkit.tests.contract.books import publish
from devkit.tests.contract.test_lint import CLEAN

from service_devkit.contract.commands import contract

SCRIPT = """#!/bin/sh
test "$1" = lint && test -f "$2" && test "$3" = --config && test -f "$4" || exit 9
test "$REDOCLY_TELEMETRY" = off || exit 9
echo "a rule is broken"
exit STATUS
"""


@pytest.fixture
def programs(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of programs."""
    publish(project, CLEAN)
    (project / "contracts" / "redocly.yaml").touch()
    folder = project / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def _install(programs: Path, *, status: int) -> None:
    program = programs / "redocly"
    program.write_text(SCRIPT.replace("STATUS", str(status)), encoding="utf-8")
    program.chmod(0o700)


def test_without_it_lint_says_that_it_was_not_asked(programs: Path) -> None:
    result = CliRunner().invoke(contract, ["lint"])

    assert list(programs.iterdir()) == []
    assert result.exit_code == 0
    assert "redocly is not installed, so its rules were not checked" in result.output


@pytest.mark.parametrize(("status", "said"), [(0, "redocly: no finding\n"), (1, "a rule is broken\n")])
def test_its_verdict_counts(programs: Path, status: int, said: str) -> None:
    _install(programs, status=status)

    result = CliRunner().invoke(contract, ["lint"])

    assert result.exit_code == status, result.output
    assert said in result.output
