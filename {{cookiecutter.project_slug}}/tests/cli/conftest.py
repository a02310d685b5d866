"""Commands as a person runs them, and what they leave in the database."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import asyncpg
import pytest

from app.cli import main


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    status: int
    stdout: str
    stderr: str


Run = Callable[..., Result]


@pytest.fixture
def run(
    fresh_database_url: str,
    sign_in_settings: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """`run("migrate", PORT="1")` runs a command against a migrated database of this test."""
    for name, value in sign_in_settings.items():
        monkeypatch.setenv(name.upper(), value)
    monkeypatch.setenv("DATABASE_URL", fresh_database_url)

    def run(*arguments: str, **settings: str) -> Result:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.argv", ["app", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        output = capsys.readouterr()
        return Result(int(end.value.code or 0), output.out, output.err)

    return run


def rows(url: str, query: str) -> list[asyncpg.Record]:
    """What a query of the database at a URL finds."""

    async def fetch() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(url)
        try:
            return list(await connection.fetch(query))
        finally:
            await connection.close()

    return asyncio.run(fetch())
