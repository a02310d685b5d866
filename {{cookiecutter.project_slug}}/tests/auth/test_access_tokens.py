"""Access tokens of the service itself: what is issued, and everything that is refused."""

import time

import jwt
import pytest

from app.auth.access_tokens import AccessTokens
from app.auth.principal import SignInError
from app.core import project
from app.core.settings.access_tokens import AccessTokenSettings
from tests.auth.access_tokens_attacks import KEYS, OLD_KEY, SUBJECT, attacks, token

ATTACKS = attacks(audience="test")


def _tokens(keys: str = KEYS, *, audience: str = "test") -> AccessTokens:
    return AccessTokens(AccessTokenSettings.model_validate({"access_token_keys": keys}), audience=audience)


def test_issued_token_says_who_and_until_when() -> None:
    verified = _tokens().verify(_tokens().issue(SUBJECT, session="s-1"))

    assert (verified.subject, verified.session) == (SUBJECT, "s-1")
    assert verified.expires_at == pytest.approx(time.time() + 600, abs=5)


def test_issued_token_has_the_shape_of_rfc_9068() -> None:
    issued = _tokens().issue(SUBJECT)

    header = jwt.get_unverified_header(issued)
    claims = jwt.decode(issued, options={"verify_signature": False})
    assert header == {"alg": "HS256", "typ": "at+jwt", "kid": "new"}
    assert claims.keys() == {"iss", "aud", "sub", "sid", "iat", "exp", "jti"}
    assert (claims["iss"], claims["aud"]) == (project.NAME, f"{project.NAME}:test")


def test_two_tokens_are_never_the_same() -> None:
    assert _tokens().issue(SUBJECT) != _tokens().issue(SUBJECT)


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack_is_refused(attack: str) -> None:
    with pytest.raises(SignInError):
        _tokens().verify(ATTACKS[attack])


def test_what_the_attacks_are_made_of_is_right_otherwise() -> None:
    assert _tokens().verify(token(audience="test")).subject == SUBJECT


def test_token_of_the_former_key_is_good() -> None:
    former = token({"kid": "old"}, key=OLD_KEY, audience="test")

    assert _tokens().verify(former).subject == SUBJECT


def test_token_of_a_key_that_was_taken_out_is_refused() -> None:
    former = token({"kid": "old"}, key=OLD_KEY, audience="test")

    with pytest.raises(SignInError, match="unknown_key"):
        _tokens(KEYS.split(",", maxsplit=1)[0]).verify(former)


@pytest.mark.parametrize(
    "change",
    [{"exp": -3}, {"iat": 3}, {"nbf": 3}],
    ids=["just expired", "issued just ahead", "valid in a moment"],
)
def test_clocks_may_differ_by_a_few_seconds(change: dict[str, int]) -> None:
    claims = {name: int(time.time()) + seconds for name, seconds in change.items()}

    assert _tokens().verify(token(claims=claims, audience="test")).subject == SUBJECT


@pytest.mark.parametrize(
    "change", [{"exp": -7}, {"iat": 8}, {"nbf": 8}], ids=["expired", "issued ahead", "not valid yet"]
)
def test_clocks_may_not_differ_by_more(change: dict[str, int]) -> None:
    claims = {name: int(time.time()) + seconds for name, seconds in change.items()}

    with pytest.raises(SignInError):
        _tokens().verify(token(claims=claims, audience="test"))


def test_token_for_another_kind_of_caller_is_refused() -> None:
    issued = _tokens(audience="other").issue(SUBJECT)

    with pytest.raises(SignInError, match="wrong_audience"):
        _tokens().verify(issued)


def test_expired_token_has_its_own_reason() -> None:
    with pytest.raises(SignInError, match="expired"):
        _tokens().verify(ATTACKS["expired"])
