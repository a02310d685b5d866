"""Roles of people with an e-mail address, from the command line."""

from typing import Final

import pytest

from tests.cli.conftest import Run, rows

ADA: Final = """
WITH made AS (
    INSERT INTO users (id, auth_provider, auth_subject, display_name) SELECT id, 'password', id::text, 'Ada' FROM gen_random_uuid() id RETURNING id
)
INSERT INTO accounts (user_id, email, password_hash) SELECT id, 'ada@example.com', 'visibly fake' FROM made
"""


@pytest.mark.parametrize("address", ["ada@example.com", " ADA@Example.com "])
def test_person_is_found_by_the_address_however_it_is_written(run: Run, fresh_database_url: str, address: str) -> None:
    rows(fresh_database_url, ADA)

    result = run("set-role", "--email", address, "staff")

    assert (result.status, result.stdout.endswith(" is staff\n")) == (0, True), result.stderr
    assert [row["role"] for row in rows(fresh_database_url, "SELECT role FROM users")] == ["staff"]


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        (["--email", "grace@example.com", "staff"], 2, "Nobody signs in as grace@example.com.\n"),
        (["--email", "grace", "staff"], 2, "This is not an e-mail address."),
        (["staff"], 2, "say who: --email ADDRESS, or PROVIDER and SUBJECT"),
        (["password", "staff"], 2, "say who"),
        (["--email", "ada@example.com", "password", "1", "staff"], 2, "say who"),
        (["--email", "ada@example.com", "king"], 2, "'king' is not one of"),
    ],
)
def test_person_who_cannot_be_found_is_said(run: Run, arguments: list[str], status: int, complaint: str) -> None:
    result = run("set-role", *arguments)

    assert result.status == status
    assert complaint in result.stderr
