"""`benchmarks extraction`."""

from contextlib import nullcontext

import pytest
from click.testing import CliRunner

from benchmarks.commands import extraction as command
from benchmarks.session import Session


def test_each_format_is_a_line_with_its_seconds_and_the_memory_of_the_server(
    monkeypatch: pytest.MonkeyPatch, running: Session
) -> None:
    monkeypatch.setattr(command, "stage", lambda *_, **__: nullcontext(running.stage))

    result = CliRunner().invoke(command.extraction, ["--pages", "2", "--requests", "2"])

    assert result.exit_code == 0, result.output
    _, _, *rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in result.stdout.splitlines()]
    assert [row[0] for row in rows] == ["PDF", "DOCX", "CSV", "text"]
    assert all(float(figure) > 0 for row in rows for figure in row[2:])
