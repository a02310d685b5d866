"""Accounts with a password: access tokens, passwords, refresh tokens, and their settings."""

from __future__ import annotations

from tools.mutants import Mutant

TESTS = [
    "tests/auth/test_guard.py",
    "tests/auth/test_access_tokens.py",
    "tests/core/test_access_tokens_settings.py",
    "tests/core/test_accounts_settings.py",
    "tests/services/test_accounts_passwords.py",
    "tests/services/test_accounts.py",
    "tests/api/v1/test_sessions_refresh.py",
    "tests/api/v1/test_sessions.py",
    "tests/api/v1/test_accounts.py",
]

_TOKENS = "app/auth/access_tokens.py"
_KEYS = "app/core/settings/access_tokens.py"
_SETTINGS = "app/core/settings/accounts.py"
_PASSWORDS = "app/services/accounts_passwords.py"
_ACCOUNTS = "app/services/accounts.py"
_SESSIONS = "app/services/sessions.py"
_REFRESH = "app/services/sessions_tokens.py"
_FORMS = "app/schemas/additions/accounts.py"
_ROUTES = "app/api/v1/sessions.py"
_DEPS = "app/api/accounts_deps.py"

MUTANTS = [
    Mutant(_TOKENS, "if len(token) > MAX_TOKEN_BYTES:", "if False:"),
    Mutant(_TOKENS, 'algorithms=["HS256"]', 'algorithms=["HS256", "HS384", "HS512"]'),
    Mutant(_TOKENS, "issuer=project.NAME,", ""),
    Mutant(_TOKENS, '"strict_aud": True', '"strict_aud": False'),
    Mutant(_TOKENS, "leeway=LEEWAY_SECONDS", "leeway=60"),
    Mutant(_TOKENS, '"sub", "sid", "jti"]', '"sub", "jti"]'),
    Mutant(_TOKENS, '["exp", "iat", "iss"', '["exp", "iss"'),
    Mutant(_TOKENS, "kind.lower() != _TYPE", "False"),
    Mutant(_TOKENS, "self._keys.get(kid) if isinstance(kid, str) else None", "next(iter(self._keys.values()))"),
    Mutant(_TOKENS, 'if not isinstance(claims["sid"], str):', "if False:"),
    Mutant(_TOKENS, 'f"{project.NAME}:{audience}"', "project.NAME"),
    Mutant(_KEYS, "if len(match[2].encode()) < MIN_KEY_BYTES:", "if False:"),
    Mutant(_KEYS, "if len(set(identifiers)) < len(identifiers):", "if False:"),
    Mutant(_KEYS, "if strict and (reason", "if not strict and (reason"),
    Mutant(_SETTINGS, 'if value < info.data.get("refresh_token_idle_days", value):', "if False:"),
    Mutant(_PASSWORDS, "19 * 1024", "1024"),
    Mutant(_PASSWORDS, "ThreadPoolExecutor(at_once,", "ThreadPoolExecutor(at_once + 1,"),
    Mutant(_PASSWORDS, "asyncio.Semaphore(at_once)", "asyncio.Semaphore(100)"),
    Mutant(_PASSWORDS, "            await attempts.check()\n", ""),
    Mutant(_PASSWORDS, "await attempts.count()", "pass"),
    Mutant(_PASSWORDS, "if not matches:", "if True:"),
    Mutant(_PASSWORDS, "password_hash or self._nobodys, password", 'password_hash or "", password'),
    Mutant(_ACCOUNTS, 'bindparam("email"), User.role != Role.BLOCKED', 'bindparam("email")'),
    Mutant(_ACCOUNTS, "Account.password_changed_at == account.password_changed_at", 'Account.email != ""'),
    Mutant(_ACCOUNTS, "        await sessions.revoke_all(session, user_id=account.user_id, now=now)\n", ""),
    Mutant(
        _ACCOUNTS, "    await session.execute(_WITHOUT_ACCOUNT,", "    made or await session.execute(_WITHOUT_ACCOUNT,"
    ),
    Mutant(_ACCOUNTS, ', {"user_id": user.id}, execution', ', {"user_id": uuid4()}, execution'),
    Mutant(_ACCOUNTS, ', ~exists().where(Account.user_id == bindparam("user_id"))', ""),
    Mutant(_ACCOUNTS, "if is_email_name(data.new_password, email):", "if False:"),
    Mutant(_ACCOUNTS, "if passwords.is_outdated(account.password_hash) else None", "if False else None"),
    Mutant(_SESSIONS, "RefreshSession.revoked_at.is_not(None), ", ""),
    Mutant(_SESSIONS, "RefreshSession.expires_at <= now, ", ""),
    Mutant(_SESSIONS, ", RefreshSession.idle_until <= now", ""),
    Mutant(_SESSIONS, "            previous_hash=presented.digest,\n", ""),
    Mutant(_SESSIONS, "now - row.rotated_at <= rules.grace", "True"),
    Mutant(_SESSIONS, "row.previous_hash == presented.digest and ", ""),
    Mutant(_SESSIONS, "if row.verifier_hash == following.digest else None", ""),
    Mutant(_SESSIONS, "    await _revoke(session, RefreshSession.id == row.id, now=now)\n", ""),
    Mutant(_SESSIONS, "~_has_ended(now), _may_sign_in())", "~_has_ended(now))"),
    Mutant(_SESSIONS, "            rotated_at=now,\n", ""),
    Mutant(_SESSIONS, "RefreshSession.user_id == user_id, ~_has_ended(now), now=now", "~_has_ended(now), now=now"),
    Mutant(_SESSIONS, "min(row.idle_until, row.expires_at)", "row.idle_until"),
    Mutant(_SESSIONS, ".offset(MAX_SESSIONS - 1)", ".offset(MAX_SESSIONS)"),
    Mutant(_REFRESH, "hashlib.sha256(self.verifier.encode()).digest()", "self.verifier.encode()"),
    Mutant(_FORMS, "not _EMAIL.fullmatch(normal) or ", ""),
    Mutant(_FORMS, " or not all(map(_is_visible, normal))", ""),
    Mutant(_FORMS, "if not MIN_PASSWORD <= len(normal) <= MAX_PASSWORD:", "if len(normal) < MIN_PASSWORD:"),
    Mutant(_FORMS, " or len(set(normal)) < MIN_DIFFERENT", ""),
    Mutant(_FORMS, "normal.lower() in _COMMON", "normal in _COMMON"),
    Mutant(_FORMS, 'password.lower() in {email, email.partition("@")[0]}', "password == email"),
    Mutant(_DEPS, "presented=False", "presented=True"),
    Mutant(_DEPS, 'f"account:{name}")', "_address_of(connection))"),
    Mutant(_DEPS, "    await limiter.check_failed_sign_ins(key)\n    await", "    await"),
    Mutant("app/services/accounts.py", "*same).with_for_update()", "*same)"),
    Mutant("app/services/accounts_passwords.py", "if self.is_outdated(password_hash):", "if False:"),
    Mutant("app/auth/guard.py", "            await limiter.check_failed_sign_ins(address)\n", ""),
    Mutant("app/auth/guard.py", "and error.reason not in NO_GUESS", ""),
    Mutant("app/auth/guard.py", "        await limiter.count_request(address)\n        raise\n", "        raise\n"),
    Mutant(
        "app/auth/guard.py",
        "            await limiter.count_request(address)\n        named",
        "            pass\n        named",
    ),
    Mutant(_ROUTES, "if not await accounts.confirm(session, account, password_hash=newer):", "if False:"),
    Mutant(_ROUTES, "current=str(row.id) == principal.session", "current=True"),
]
