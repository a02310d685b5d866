"""`benchmarks cost`."""

import pytest
from click.testing import CliRunner

from benchmarks.commands import cost as command


def test_cost_of_each_piece_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "REQUESTS", 2)
    monkeypatch.setattr(command, "ROUNDS", 5)

    result = CliRunner().invoke(command.cost)

    assert result.exit_code == 0, result.output
    first, *others = result.output.splitlines()
    assert first.startswith("a route that does nothing")
    assert [line.partition("  ")[0] for line in others] == [
        "+ a dependency",
        "+ a dependency that is not async",
        "+ a middleware",
        "+ a middleware on BaseHTTPMiddleware",
        "+ a query of rows with the reader",
        "+ two queries of rows with the reader",
        "+ a session that commits, with one statement",
        "+ a session that commits, with a query of objects",
    ]
