"""Settings of accounts with a password: what is refused."""

import pytest
from pydantic import ValidationError

from app.core.settings.accounts import AccountSettings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("refresh_token_idle_days", 0),
        ("refresh_token_idle_days", 91),
        ("refresh_token_days", 0),
        ("refresh_token_days", 366),
        ("refresh_token_grace_seconds", -1),
        ("refresh_token_grace_seconds", 61),
        ("password_hashers", 0),
        ("password_hashers", 65),
    ],
)
def test_value_out_of_range_is_refused(name: str, value: int) -> None:
    with pytest.raises(ValidationError, match=name):
        AccountSettings.model_validate({name: value})


def test_sessions_may_not_end_before_they_are_idle() -> None:
    with pytest.raises(ValidationError, match="must not be less than REFRESH_TOKEN_IDLE_DAYS"):
        AccountSettings(refresh_token_idle_days=30, refresh_token_days=29)


def test_sessions_may_end_exactly_when_they_are_idle() -> None:
    assert AccountSettings(refresh_token_idle_days=30, refresh_token_days=30).refresh_token_days == 30


def test_wrong_idleness_is_the_only_complaint() -> None:
    with pytest.raises(ValidationError) as error:
        AccountSettings.model_validate({"refresh_token_idle_days": "never"})

    assert [part["loc"] for part in error.value.errors()] == [("refresh_token_idle_days",)]
