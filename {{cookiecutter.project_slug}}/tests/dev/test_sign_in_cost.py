"""`python -m dev sign-in-cost`."""

import re
from collections.abc import Callable

import pytest
from click.testing import CliRunner

from dev import sign_in_cost


def test_cost_of_a_signed_in_request_is_printed(
    monkeypatch: pytest.MonkeyPatch, sign_in: Callable[[str], dict[str, str]], sign_in_settings: dict[str, str]
) -> None:
    monkeypatch.setenv("RATE_LIMIT", "1/minute")
    for name, value in sign_in_settings.items():
        monkeypatch.setenv(name.upper(), value)
    monkeypatch.setattr(sign_in_cost, "development_secrets", dict)
    monkeypatch.setattr(sign_in_cost, "authorizations", lambda: {"chosen": sign_in("Ada")["Authorization"]})
    monkeypatch.setattr(sign_in_cost, "REQUESTS", 2)
    monkeypatch.setattr(sign_in_cost, "ROUNDS", 4)

    result = CliRunner().invoke(sign_in_cost.sign_in_cost)

    assert result.exit_code == 0, result.output
    assert re.fullmatch(
        r"chosen +public +\d+ us   remembered +[+-]\d+ us   proven +[+-]\d+ us   ratio \d+\.\d\d\n", result.output
    )


def test_refused_credentials_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATE_LIMIT", "1/minute")
    monkeypatch.setattr(sign_in_cost, "development_secrets", dict)
    monkeypatch.setattr(sign_in_cost, "authorizations", lambda: {"nobody": "Wrong credentials"})

    result = CliRunner().invoke(sign_in_cost.sign_in_cost)

    assert (result.exit_code, result.output) == (1, "Error: /guarded answered 401\n")
