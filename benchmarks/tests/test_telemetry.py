"""`benchmarks telemetry`."""

from contextlib import nullcontext

import pytest
from click.testing import CliRunner

from benchmarks.commands import telemetry as command
from benchmarks.session import Session


def test_each_case_is_a_line_beside_the_one_without_telemetry(
    monkeypatch: pytest.MonkeyPatch, running: Session
) -> None:
    monkeypatch.setattr(command, "stage", lambda *_, **__: nullcontext(running.stage))
    monkeypatch.setattr(command, "CASES", (command.CASES[0], command.CASES[-1]))

    result = CliRunner().invoke(
        command.telemetry, ["--rounds", "1", "--seconds", "0.2", "--connections", "2", "--share", "0.5"]
    )

    assert result.exit_code == 0, result.output
    _, _, off, hung = [line.split(" | ") for line in result.stdout.splitlines()]
    assert (off[0], off[2], off[4], off[6]) == ("| off", "1.00", "1.00", "1.00")
    assert hung[0] == "| the same, collector hung"
    assert float(hung[1]) > 0
