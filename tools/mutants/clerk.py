"""Mutants of Clerk sign-in: the token's checks, organisations, the settings."""

from __future__ import annotations

from typing import Final

from tools.mutants import Mutant

TESTS = [
    "tests/auth/test_clerk_permissions.py",
    "tests/core/test_clerk_settings.py",
    "tests/auth/test_clerk_keys.py",
    "tests/auth/test_clerk.py",
]

_SESSION: Final = "app/auth/clerk.py"
_ROLES: Final = "app/auth/clerk_permissions.py"
_SETTINGS: Final = "app/core/settings/clerk.py"

MUTANTS = [
    Mutant(_SESSION, "len(token) > MAX_TOKEN_BYTES or ", ""),
    Mutant(_SESSION, " or not _KEY_ID.fullmatch(kid)", ""),
    Mutant(_SESSION, 'header.get("alg") != "RS256" or ', 'header.get("alg") == "none" or '),
    Mutant(_SESSION, ' or header.get("typ") != "JWT"', ""),
    Mutant(_SESSION, ' or "crit" in header', ""),
    Mutant(_SESSION, 'header.get("cat") not in _SESSION_CATEGORIES', "False"),
    Mutant(_SESSION, 'options={"require": _REQUIRED}', 'options={"require": _REQUIRED, "verify_signature": False}'),
    Mutant(_SESSION, "            issuer=issuer,\n", ""),
    Mutant(_SESSION, "LEEWAY_SECONDS: Final = 5", "LEEWAY_SECONDS: Final = 60"),
    Mutant(_SESSION, '"iss", "sub", "sid"]', '"iss", "sub"]'),
    Mutant(_SESSION, "    for name in _TIMES:\n        _seconds(claims, name)\n", ""),
    Mutant(_SESSION, 'if not _matches(_USER, claims["sub"]) or ', "if "),
    Mutant(_SESSION, ' or not _matches(_SESSION, claims["sid"])', ""),
    Mutant(_SESSION, 'if self._parties and not _is_one_of(claims.get("azp"), self._parties)', "if False"),
    Mutant(_SESSION, "*([None] if settings.clerk_native_apps else [])", "None"),
    Mutant(_SESSION, "            audience=audience,\n", ""),
    Mutant(_SESSION, 'claims.get("sts", "active") != "active"', "False"),
    Mutant(_SESSION, "if len(fields) != len(pairs):", "if False:"),
    Mutant(_SESSION, "isinstance(value, bool) or not isinstance(value, int | float)", "isinstance(value, bool)"),
    Mutant(
        _SESSION, "raise Unavailable(retry_after=error.retry_after) from None", 'raise SignInError("no_keys") from None'
    ),
    Mutant(_SESSION, "(ValueError, RecursionError)", "ValueError"),
    Mutant(_SESSION, "permissions=permissions_of(claims),", ""),
    Mutant(_SESSION, "impersonated_by=_actor(claims),", ""),
    Mutant(_SESSION, '    if issuer is None:\n        raise SignInError("no_issuer")\n', ""),
    Mutant(_ROLES, 'if claims.get("o") is not None:', "if False:"),
    Mutant(_ROLES, "else frozenset()\n    if claims", "else None\n    if claims"),
    Mutant(_ROLES, '"o" in scopes and ', ""),
    Mutant(_ROLES, " if name.startswith(_PREFIX)", ""),
    Mutant(_ROLES, "int(mask) >> bit & 1", "int(mask) >> bit"),
    Mutant(
        _ROLES,
        "ORGANISATION_ROLES.get(name, frozenset())",
        'ORGANISATION_ROLES.get(name, ORGANISATION_ROLES["member"])',
    ),
    Mutant(_SETTINGS, "_secret_bytes(secret)) < MIN_SECRET_BYTES", "_secret_bytes(secret)) < 0"),
    Mutant(_SETTINGS, "if secret == _EXAMPLE_SECRET:", "if False:"),
    Mutant(_SETTINGS, "if reason := weakness(secret.removeprefix(_PREFIX)):", "if reason := None:"),
    Mutant(_SETTINGS, " or key.key_size < MIN_KEY_BITS", ""),
    Mutant(
        _SETTINGS,
        "(not deployed(info) and _LOCAL.fullmatch(origin) is not None)",
        "_LOCAL.fullmatch(origin) is not None",
    ),
    Mutant(_SETTINGS, 'value.replace("\\\\n", "\\n")', "value"),
    Mutant(_SETTINGS, "if self.clerk_jwt_key or not self.clerk_issuer:", "if not self.clerk_issuer:"),
    Mutant(_SETTINGS, "if value is None and deployed(info):", "if False:"),
    Mutant(_SETTINGS, " and parse_origin(match[1]) == match[1]", ""),
    Mutant(_SETTINGS, ' or {"?", "#"} & set(value)', ""),
]
