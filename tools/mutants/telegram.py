"""Telegram sign-in: init data, its two proofs, the exchange, access tokens on its scheme, and the settings."""

from __future__ import annotations

from tools.mutants import Mutant

TESTS = [
    "tests/core/test_telegram_settings.py",
    "tests/api/v1/test_telegram.py",
    "tests/auth/test_telegram_tokens.py",
    "tests/auth/test_telegram_signature.py",
    "tests/auth/test_telegram.py",
    "tests/auth/test_guard_memory.py",
    "tests/core/test_ttl_cache.py",
]

DATA = "app/auth/telegram_init_data.py"
SIGN_IN = "app/auth/telegram.py"
ROUTE = "app/api/v1/telegram.py"
SERVICE = "app/services/telegram.py"
SETTINGS = "app/core/settings/telegram.py"
GUARD = "app/auth/guard.py"

MUTANTS = [
    # What is read.
    Mutant(DATA, "if len(text) > MAX_BYTES or not text.isascii():", "if not text.isascii():"),
    Mutant(DATA, "if len(text) > MAX_BYTES or not text.isascii():", "if len(text) > MAX_BYTES:"),
    Mutant(DATA, "len(text) > MAX_BYTES", "len(text) >= MAX_BYTES"),
    Mutant(DATA, "keep_blank_values=True", "keep_blank_values=False"),
    Mutant(DATA, "strict_parsing=True", "strict_parsing=False"),
    Mutant(DATA, 'errors="strict"', 'errors="replace"'),
    Mutant(DATA, ", max_num_fields=MAX_FIELDS", ""),
    Mutant(DATA, "MAX_FIELDS: Final = 24", "MAX_FIELDS: Final = 23"),
    Mutant(DATA, "len(fields) != len(pairs) or ", ""),
    Mutant(DATA, " or any(_CONTROL.search(name + value) for name, value in pairs)", ""),
    Mutant(DATA, "_CONTROL.search(name + value)", "_CONTROL.search(value)"),
    Mutant(DATA, "_CONTROL.search(name + value)", "_CONTROL.search(name)"),
    # The hash.
    Mutant(DATA, "_HASH.fullmatch(claimed)", "True"),
    Mutant(DATA, "if hmac.compare_digest(sign(fields, key), claimed):", "if True:"),
    Mutant(DATA, "hmac.compare_digest(sign(fields, key), claimed)", "sign(fields, key)[:63] == claimed[:63]"),
    Mutant(DATA, 'without={"hash"}', 'without={"hash", "signature"}'),
    Mutant(DATA, 'b"WebAppData"', 'b"WebAppdata"'),
    Mutant(DATA, "for token in tokens]", "for token in tokens[:1]]"),
    # The signature.
    Mutant(DATA, "_SIGNATURE.fullmatch(claimed)", "_SIGNATURE.match(claimed)"),
    Mutant(
        DATA,
        "        except InvalidSignature:\n            return False",
        "        except InvalidSignature:\n            pass",
    ),
    Mutant(DATA, "without={'hash', 'signature'}", "without={'signature'}"),
    Mutant(DATA, 'f"{bot}:WebAppData\\n', 'f"WebAppData\\n'),
    Mutant(DATA, "self._bots = tuple(bots)", "self._bots = tuple(bots[:1])"),
    Mutant(DATA, "PUBLIC_KEYS[environment]", 'PUBLIC_KEYS["production"]'),
    Mutant(DATA, '"production": "e7bf', '"production": "e7be'),
    Mutant(DATA, '"test": "4005', '"test": "4004'),
    # The age.
    Mutant(DATA, "_AUTH_DATE.fullmatch(auth_date)", "auth_date.isdigit()"),
    Mutant(DATA, "signed_at > now + MAX_SKEW_SECONDS", "False"),
    Mutant(DATA, "signed_at > now + MAX_SKEW_SECONDS", "signed_at >= now + MAX_SKEW_SECONDS"),
    Mutant(DATA, "signed_at + max_age < now", "False"),
    Mutant(DATA, "signed_at + max_age < now", "signed_at + max_age <= now"),
    # The person.
    Mutant(DATA, "Field(gt=0, lt=2**52)", "Field(lt=2**52)"),
    Mutant(DATA, "Field(gt=0, lt=2**52)", "Field(gt=0)"),
    Mutant(
        DATA,
        "    except ValidationError:\n        raise SignInError",
        "    except KeyError:\n        raise SignInError",
    ),
    Mutant(
        SIGN_IN,
        'without_control_characters(f"{user.first_name} {user.last_name}")',
        'f"{user.first_name} {user.last_name}"',
    ),
    Mutant(SIGN_IN, "without_control_characters(user.username)", "user.username"),
    Mutant(SIGN_IN, "[:MAX_NAME]", ""),
    Mutant(SIGN_IN, "expires_at=float(data.signed_at + max_age)", "expires_at=None"),
    # Init data or access token.
    Mutant(SIGN_IN, "_ACCESS_TOKEN.fullmatch(credentials)", '"." in credentials'),
    Mutant(SIGN_IN, "if not self._direct:", "if False:"),
    Mutant(SIGN_IN, "audience=PROVIDER", 'audience="account"'),
    Mutant(SIGN_IN, "expires_at=token.expires_at", "expires_at=None"),
    Mutant(SIGN_IN, 'settings.telegram_verify == "signature"', "False"),
    Mutant(SIGN_IN, "self.max_age = settings.telegram_exchange_max_age", "self.max_age = settings.telegram_max_age"),
    # The exchange.
    Mutant(ROUTE, "if not await telegram.consume(", "if await telegram.consume("),
    Mutant(ROUTE, 'raise SignInError("exchanged_before")', "pass"),
    Mutant(ROUTE, "        await limit_requests(request)\n", ""),
    Mutant(ROUTE, "        await get_current_user(request)\n", ""),
    # What the guard remembers.
    Mutant(GUARD, "principal.expires_at <= time.time()", "False"),
    Mutant(GUARD, "sha256(repr(authorization).encode()).digest()", 'b""'),
    Mutant(GUARD, "        cache.set(credentials, principal)\n", ""),
    Mutant("app/core/ttl_cache.py", "return value if self._clock() < expires_at else None", "return value"),
    Mutant("app/core/ttl_cache.py", "if len(self._entries) >= self._max_size:", "if False:"),
    Mutant(GUARD, "            await limiter.check_failed_sign_ins(address)\n", ""),
    Mutant(GUARD, "            await limiter.count_failed_sign_in(address)\n", "            pass\n"),
    Mutant(DATA, "signed_text(fields, bot).encode()).digest()", "repr(sorted(fields.items())).encode()).digest()"),
    Mutant(SERVICE, "func.now() + acceptable_for + MARGIN", "func.now() + acceptable_for"),
    Mutant(SERVICE, "func.now() + acceptable_for + MARGIN", "func.now() + MARGIN"),
    Mutant(SERVICE, "    await _delete_expired(session)\n", ""),
    Mutant(SERVICE, "TelegramExchange.expires_at < func.now()", "TelegramExchange.expires_at > func.now()"),
    Mutant(SERVICE, "        .limit(CLEANUP_BATCH)\n", ""),
    Mutant(SERVICE, "        .order_by(TelegramExchange.expires_at)\n", ""),
    # The settings.
    Mutant(SETTINGS, 'raise ValueError(f"is missing; {_ASK}")', "pass"),
    Mutant(SETTINGS, "_check_token(token, strict=deployed(info))", "_check_token(token, strict=False)"),
    Mutant(SETTINGS, "_BOT_TOKEN.fullmatch(token)", "_BOT_TOKEN.match(token)"),
    Mutant(SETTINGS, "strict and match[1] == DEVELOPMENT_BOT", "False"),
    Mutant(SETTINGS, "strict and (reason := weakness(match[2]))", "(reason := None)"),
    Mutant(SETTINGS, "len(set(tokens)) < len(tokens)", "False"),
    Mutant(SETTINGS, 'if not value and not info.data.get("telegram_bot_tokens"):', "if False:"),
    Mutant(SETTINGS, "if not all(_BOT.fullmatch(bot) and int(bot) <= MAX_BOT for bot in value):", "if False:"),
    Mutant(SETTINGS, " or len(token) > MAX_TOKEN_LENGTH", ""),
    Mutant(SETTINGS, " or int(match[1]) > MAX_BOT", ""),
    Mutant(SETTINGS, "            if value:\n", "            if False:\n"),
    Mutant(SETTINGS, 'value == "test" and info.data.get("environment") not in allowed', "False"),
    Mutant(SETTINGS, "return self.telegram_bot_ids or [", "return ["),
]
