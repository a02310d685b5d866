"""The keys of access tokens: what is refused, and what is said about it."""

import pytest
from pydantic import ValidationError

from app.core.settings.access_tokens import AccessTokenSettings

STRONG = "kX7-visibly-fake-9sQ2-key-for-tests-only"
OTHER = "pL4-visibly-fake-0rT8-key-for-tests-only"


def _settings(keys: str | None, environment: str = "production") -> AccessTokenSettings:
    values = {"environment": environment} | ({} if keys is None else {"access_token_keys": keys})
    return AccessTokenSettings.model_validate(values)


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_keys_are_read_in_their_order(environment: str) -> None:
    settings = _settings(f"b:{OTHER}, a:{STRONG}", environment)

    assert list(settings.signing_keys.items()) == [("b", OTHER.encode()), ("a", STRONG.encode())]


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        (None, "is missing; make one: python -c"),
        ("", "is missing"),
        (STRONG, "must be ID:SECRET"),
        (f":{STRONG}", "must be ID:SECRET"),
        ("a:", "must be ID:SECRET"),
        (f"a b:{STRONG}", "must be ID:SECRET"),
        (f"{'a' * 33}:{STRONG}", "must be ID:SECRET"),
        ("a:k3-short-but-varied-0123456789", "needs secrets of 32 characters or more"),
        (f"a:{STRONG},b:short", "needs secrets of 32 characters or more"),
        (f"a:{'ab' * 20}", "repeats few characters"),
        (f"a:changeme-{STRONG}", "contains a well-known word"),
        (f"a:{STRONG},a:{OTHER}", "names one ID twice"),
    ],
)
def test_wrong_keys_are_refused_where_deployed(keys: str | None, complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        _settings(keys)


def test_refused_key_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as error:
        _settings("a:hunter2")

    assert "hunter2" not in error.value.errors()[0]["msg"]


def test_development_makes_its_own_key() -> None:
    first, second = (_settings(None, "development").signing_keys for _ in range(2))

    assert first.keys() == {"development"}
    assert len(first["development"]) >= 32
    assert first != second


def test_short_key_is_refused_in_development_too() -> None:
    with pytest.raises(ValidationError, match="32 characters"):
        _settings("a:short", "development")


@pytest.mark.parametrize("seconds", [59, 3601])
def test_life_of_tokens_is_short(seconds: int) -> None:
    with pytest.raises(ValidationError, match="access_token_seconds"):
        AccessTokenSettings.model_validate({"environment": "test", "access_token_seconds": seconds})
