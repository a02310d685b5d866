"""What the log says about a JWT that is refused."""

from typing import Final

import jwt

_REASONS: Final[dict[type[jwt.PyJWTError], str]] = {
    jwt.ExpiredSignatureError: "expired",
    jwt.ImmatureSignatureError: "not_yet_valid",
    jwt.InvalidAudienceError: "wrong_audience",
    jwt.InvalidIssuerError: "wrong_issuer",
    jwt.InvalidSignatureError: "forged",
    jwt.MissingRequiredClaimError: "missing_claim",
    jwt.InvalidTokenError: "malformed",
}


def reason_of(error: jwt.PyJWTError) -> str:
    """The reason in a word, that of its closest kind. Only a wrong signature is forged; all else may be a setting that does not fit the token."""
    return next((_REASONS[kind] for kind in type(error).__mro__ if kind in _REASONS), "malformed")
