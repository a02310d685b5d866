"""Mutants of what stands behind Clerk sign-in: the cache of its keys, and its webhook."""

from __future__ import annotations

from typing import Final

from tools.mutants import Mutant

TESTS = [
    "tests/auth/test_svix.py",
    "tests/auth/test_jwks.py",
    "tests/api/v1/test_clerk.py",
]

_KEYS: Final = "app/auth/jwks.py"
_SVIX: Final = "app/auth/svix.py"
_HOOK: Final = "app/services/clerk.py"
_ROUTE: Final = "app/api/v1/clerk.py"
_EVENTS: Final = "app/schemas/clerk.py"

MUTANTS = [
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
    Mutant(_SVIX, "not _IDENTIFIER.fullmatch(identifier) or ", ""),
    Mutant(_SVIX, "abs(now - int(timestamp)) >", "now - int(timestamp) >"),
    Mutant(_SVIX, "abs(now - int(timestamp)) > TOLERANCE_SECONDS", "int(timestamp) > now + TOLERANCE_SECONDS"),
    Mutant(_SVIX, "(identifier.encode(), timestamp.encode(), body)", "(timestamp.encode(), body)"),
    Mutant(_SVIX, "hmac.compare_digest(one, other)", "one.startswith(other)"),
    Mutant(_SVIX, "for key in keys]", "for key in keys[:1]]"),
    Mutant(
        _HOOK,
        "    if not await _record(session, message_id):\n        return\n",
        "    await _record(session, message_id)\n",
    ),
    Mutant(_HOOK, "        where=ClerkUser.changed_at < statement.excluded.changed_at,\n", ""),
    Mutant(_HOOK, "ClerkUser.changed_at < statement", "ClerkUser.changed_at <= statement"),
    Mutant(_HOOK, "    await session.refresh(user, with_for_update=True)\n", ""),
    Mutant(_HOOK, "changed_at=FOREVER", "changed_at=1_790_086_400_000"),
    Mutant(_HOOK, "        user.role = Role.BLOCKED\n", ""),
    Mutant(_HOOK, '        user.display_name = user.provider_name = ""\n', ""),
    Mutant(_HOOK, ".limit(CLEANUP_BATCH)", ""),
    Mutant(_HOOK, "func.now() - RETENTION", "func.now()"),
    Mutant(_HOOK, "    await _delete_old_messages(session)\n", ""),
    Mutant(_ROUTE, "    await limiter.check_failed_sign_ins(address)\n", ""),
    Mutant(_ROUTE, "        await limiter.count_failed_sign_in(address)\n", ""),
    Mutant(_EVENTS, 'r"^user_[A-Za-z0-9_-]{1,128}$"', 'r"^user_"'),
    Mutant(_EVENTS, "Field(ge=0, lt=2**53)", "Field(ge=0)"),
    Mutant(_EVENTS, "[:MAX_NAME]", ""),
]
