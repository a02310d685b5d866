"""`python -m dev sign-in --role`: in the development database."""

import asyncio
from collections.abc import Callable

import asyncpg
import pytest

from app.cli import explained
from dev.sign_in import give_role


@pytest.mark.parametrize("role", ["staff", "blocked"])
def test_person_of_a_header_gets_the_role_at_first_sight_and_later(
    fresh_database_url: str,
    sign_in: Callable[[str], dict[str, str]],
    sign_in_settings: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    role: str,
) -> None:
    for name, value in {**sign_in_settings, "database_url": fresh_database_url}.items():
        monkeypatch.setenv(name.upper(), value)

    give_role(sign_in("Ada")["Authorization"], "viewer")
    give_role(sign_in("Ada")["Authorization"], role)

    assert asyncio.run(_roles(fresh_database_url)) == [role]


def test_without_a_database_it_says_how_to_get_one(
    sign_in: Callable[[str], dict[str, str]],
    sign_in_settings: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in sign_in_settings.items():
        monkeypatch.setenv(name.upper(), value)

    with pytest.raises(SystemExit), explained():
        give_role(sign_in("Ada")["Authorization"], "staff")

    assert "`uv run devkit exec -- COMMAND` runs a command on it" in capsys.readouterr().err


async def _roles(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        return [row["role"] for row in await connection.fetch("SELECT role FROM users")]
    finally:
        await connection.close()
