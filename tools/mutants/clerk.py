"""Mutants of Clerk sign-in: the token's checks, the cache of keys, organisations, the webhook, the settings."""

from __future__ import annotations

from typing import Final

from tools.mutants import Mutant

TESTS = [
    "tests/auth/test_svix.py",
    "tests/auth/test_clerk_permissions.py",
    "tests/core/test_clerk_settings.py",
    "tests/auth/test_jwks.py",
    "tests/auth/test_clerk_keys.py",
    "tests/api/v1/test_clerk.py",
    "tests/auth/test_clerk.py",
]

_TOKEN: Final = "app/auth/clerk.py"
_KEYS: Final = "app/auth/jwks.py"
_ROLES: Final = "app/auth/clerk_permissions.py"
_SVIX: Final = "app/auth/svix.py"
_HOOK: Final = "app/services/clerk.py"
_ROUTE: Final = "app/api/v1/clerk.py"
_EVENTS: Final = "app/schemas/clerk.py"
_SETTINGS: Final = "app/core/settings/clerk.py"

MUTANTS = [
    Mutant(_TOKEN, "len(token) > MAX_TOKEN_BYTES or ", ""),
    Mutant(_TOKEN, " or not _KEY_ID.fullmatch(kid)", ""),
    Mutant(_TOKEN, 'header.get("alg") != "RS256" or ', 'header.get("alg") == "none" or '),
    Mutant(_TOKEN, ' or header.get("typ") != "JWT"', ""),
    Mutant(_TOKEN, ' or "crit" in header', ""),
    Mutant(_TOKEN, 'header.get("cat") not in _SESSION_CATEGORIES', "False"),
    Mutant(_TOKEN, 'options={"require": _REQUIRED}', 'options={"require": _REQUIRED, "verify_signature": False}'),
    Mutant(_TOKEN, "            issuer=issuer,\n", ""),
    Mutant(_TOKEN, "LEEWAY_SECONDS: Final = 5", "LEEWAY_SECONDS: Final = 60"),
    Mutant(_TOKEN, '"iss", "sub", "sid"]', '"iss", "sub"]'),
    Mutant(_TOKEN, "    for name in _TIMES:\n        _seconds(claims, name)\n", ""),
    Mutant(_TOKEN, 'if not _matches(_USER, claims["sub"]) or ', "if "),
    Mutant(_TOKEN, ' or not _matches(_SESSION, claims["sid"])', ""),
    Mutant(_TOKEN, 'if self._parties and claims.get("azp") not in self._parties', "if False"),
    Mutant(
        _TOKEN,
        'if self._parties and claims.get("azp") not',
        'if self._parties and claims.get("azp", self._parties[0]) not',
    ),
    Mutant(_TOKEN, 'claims.get("sts", "active") != "active"', "False"),
    Mutant(_TOKEN, "if len(fields) != len(pairs):", "if False:"),
    Mutant(_TOKEN, "isinstance(value, bool) or not isinstance(value, int | float)", "isinstance(value, bool)"),
    Mutant(
        _TOKEN, "raise Unavailable(retry_after=error.retry_after) from None", 'raise SignInError("no_keys") from None'
    ),
    Mutant(_TOKEN, "(ValueError, RecursionError)", "ValueError"),
    Mutant(_TOKEN, "permissions=permissions_of(claims), ", ""),
    Mutant(_TOKEN, '    if issuer is None:\n        raise SignInError("no_issuer")\n', ""),
    Mutant(_KEYS, " and self._age() < self._ttl:", ":"),
    Mutant(_KEYS, "await asyncio.wait((refresh,))", "await refresh"),
    Mutant(_KEYS, " and not (self._failing and kid in self._keys)", ""),
    Mutant(_KEYS, "self._age() >= self._ttl + self._max_stale or ", ""),
    Mutant(_KEYS, " or (key is None and self._failing)", ""),
    Mutant(_KEYS, "if self._refresh and not self._refresh.done():", "if False:"),
    Mutant(_KEYS, "self._clock() - self._tried_at < self._cooldown", "False"),
    Mutant(_KEYS, "            self._failing = True\n", ""),
    Mutant(_KEYS, "            self._failing = False\n", ""),
    Mutant(_KEYS, "asyncio.timeout(FETCH_SECONDS)", "asyncio.timeout(None)"),
    Mutant(_KEYS, "follow_redirects=False", "follow_redirects=True"),
    Mutant(_KEYS, "if response.status_code != _HTTP_OK:", "if False:"),
    Mutant(_KEYS, "if len(body) > MAX_DOCUMENT_BYTES:", "if False:"),
    Mutant(_KEYS, "    if not keys:\n", "    if False:\n"),
    Mutant(_KEYS, ' or entry.get("use", "sig") != "sig"', ""),
    Mutant(_KEYS, ' or entry.get("alg", "RS256") != "RS256"', ""),
    Mutant(_KEYS, ' for name in ("kty", "n", "e") if', " for name in entry if"),
    Mutant(_KEYS, " and key.key_size >= MIN_KEY_BITS", ""),
    Mutant(_KEYS, "                self._refresh.cancel()\n", ""),
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
    Mutant(_SVIX, "not _IDENTIFIER.fullmatch(identifier) or ", ""),
    Mutant(_SVIX, "abs(now - int(timestamp)) >", "now - int(timestamp) >"),
    Mutant(_SVIX, "abs(now - int(timestamp)) > TOLERANCE_SECONDS", "int(timestamp) > now + TOLERANCE_SECONDS"),
    Mutant(_SVIX, "(identifier.encode(), timestamp.encode(), body)", "(timestamp.encode(), body)"),
    Mutant(_SVIX, "hmac.compare_digest(one, other)", "one.startswith(other)"),
    Mutant(_SVIX, "for key in keys]", "for key in keys[:1]]"),
    Mutant(
        _HOOK,
        "    if not await _remember(session, message_id):\n        return\n",
        "    await _remember(session, message_id)\n",
    ),
    Mutant(_HOOK, "        where=ClerkUser.changed_at < statement.excluded.changed_at,\n", ""),
    Mutant(_HOOK, "ClerkUser.changed_at < statement", "ClerkUser.changed_at <= statement"),
    Mutant(_HOOK, "    await session.refresh(user, with_for_update=True)\n", ""),
    Mutant(_HOOK, "changed_at=FOREVER", "changed_at=1_790_086_400_000"),
    Mutant(_HOOK, "        user.role = Role.BLOCKED\n", ""),
    Mutant(_HOOK, '        user.display_name = user.provider_name = ""\n', ""),
    Mutant(_HOOK, ".limit(FORGOTTEN_AT_ONCE)", ""),
    Mutant(_HOOK, "func.now() - REMEMBERED", "func.now()"),
    Mutant(_HOOK, "    await _forget_old_messages(session)\n", ""),
    Mutant(_ROUTE, "    await limiter.check_failed_sign_ins(address)\n", ""),
    Mutant(_ROUTE, "        await limiter.count_failed_sign_in(address)\n", ""),
    Mutant(_EVENTS, 'r"^user_[A-Za-z0-9_-]{1,128}$"', 'r"^user_"'),
    Mutant(_EVENTS, "Field(ge=0, lt=2**53)", "Field(ge=0)"),
    Mutant(_EVENTS, "[:MAX_NAME]", ""),
    Mutant(_SETTINGS, "_secret_bytes(secret)) < MIN_SECRET_BYTES", "_secret_bytes(secret)) < 0"),
    Mutant(_SETTINGS, "if secret == _EXAMPLE_SECRET:", "if False:"),
    Mutant(_SETTINGS, "if reason := weakness(secret.removeprefix(_PREFIX)):", "if reason := None:"),
    Mutant(_SETTINGS, " or key.key_size < MIN_KEY_BITS", ""),
    Mutant(_SETTINGS, "local = not deployed(info) and ", "local = "),
    Mutant(_SETTINGS, 'value.replace("\\\\n", "\\n")', "value"),
    Mutant(_SETTINGS, "if self.clerk_jwt_key or not self.clerk_issuer:", "if not self.clerk_issuer:"),
    Mutant(_SETTINGS, "if value is None and deployed(info):", "if False:"),
    Mutant(_SETTINGS, "not _is_origin(origin, info) or ", ""),
]
