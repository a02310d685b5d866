"""Settings of Telegram sign-in: what is read, what is refused, and what is said about it."""

import pytest

from app.core.settings import ConfigurationError, load_settings
from tests.plugins.sign_in_telegram import BOT_TOKEN

OTHER_TOKEN = "9876543210:another-visibly-fake-token-in-tests"
STAND_IN = "1000000000:another-visibly-fake-token-in-tests"


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch, sign_in_settings: dict[str, str]) -> pytest.MonkeyPatch:
    """The environment of a service that is deployed, with everything set."""
    for name, value in sign_in_settings.items():
        monkeypatch.setenv(name.upper(), value)
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("SECRET_KEY", "kX7-visibly-fake-9sQ2-key-for-tests-only")
    monkeypatch.setenv("DATABASE_URL", "postgresql://db/x")
    return monkeypatch


def _refusal() -> str:
    with pytest.raises(ConfigurationError) as error:
        load_settings()
    return str(error.value)


def test_several_tokens_are_read(production: pytest.MonkeyPatch) -> None:
    production.setenv("TELEGRAM_BOT_TOKENS", f" {BOT_TOKEN} , {OTHER_TOKEN},")

    settings = load_settings()

    assert [token.get_secret_value() for token in settings.telegram_bot_tokens] == [BOT_TOKEN, OTHER_TOKEN]
    assert settings.telegram_bots == ["1234567890", "9876543210"]


def test_tokens_are_not_shown(production: pytest.MonkeyPatch) -> None:
    production.setenv("TELEGRAM_BOT_TOKENS", BOT_TOKEN)

    assert BOT_TOKEN not in repr(load_settings())


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_missing_token_is_refused_where_deployed(production: pytest.MonkeyPatch, environment: str) -> None:
    production.setenv("ENVIRONMENT", environment)
    production.delenv("TELEGRAM_BOT_TOKENS")

    assert _refusal() == "1 setting is wrong:\n  TELEGRAM_BOT_TOKENS: is missing; ask @BotFather for it"


def test_development_has_a_token_that_nobody_knows() -> None:
    tokens = [load_settings().telegram_bot_tokens[0].get_secret_value() for _ in range(2)]

    assert [token.partition(":")[0] for token in tokens] == ["1000000000", "1000000000"]
    assert [len(token) for token in tokens] == [46, 46]
    assert tokens[0] != tokens[1]


@pytest.mark.parametrize(
    "token",
    [
        "token",
        "1234567890:short",
        BOT_TOKEN[:-6],
        BOT_TOKEN + "x" * 35,
        f"18014398509481984:{BOT_TOKEN[11:]}",
        f"x{BOT_TOKEN}",
        f"0{BOT_TOKEN[1:]}",
        BOT_TOKEN.replace(":", "-"),
        f"{BOT_TOKEN},token",
        f"{BOT_TOKEN};{OTHER_TOKEN}",
        BOT_TOKEN.replace("1", "\u0661"),
    ],
)
def test_token_of_another_form_is_refused_everywhere(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKENS", token)

    assert _refusal() == (
        "1 setting is wrong:\n"
        "  TELEGRAM_BOT_TOKENS: must be NUMBER:LETTERS, as @BotFather gives it; several separated by commas"
    )


@pytest.mark.parametrize("tokens", ["1234567890", f"{BOT_TOKEN},1234567890", "18014398509481984"])
def test_number_of_a_bot_is_no_token_and_belongs_elsewhere(monkeypatch: pytest.MonkeyPatch, tokens: str) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKENS", tokens)

    assert "TELEGRAM_BOT_TOKENS: is the number of a bot and not its token" in _refusal()
    assert "TELEGRAM_BOT_IDS" in _refusal()


@pytest.mark.parametrize(
    "token",
    [
        f"123456:{BOT_TOKEN[11:]}",  # the oldest bots, as in Telegram's documents
        f"12345678901234:{BOT_TOKEN[11:]}",
        f"18014398509481983:{BOT_TOKEN[11:]}",
        BOT_TOKEN[:-1],
        f"{BOT_TOKEN}xyz",
    ],
)
def test_token_of_any_age_is_taken(production: pytest.MonkeyPatch, token: str) -> None:
    production.setenv("TELEGRAM_BOT_TOKENS", token)

    assert load_settings().telegram_bots == [token.partition(":")[0]]


def test_token_that_stands_there_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKENS", f"{BOT_TOKEN},{BOT_TOKEN}")

    assert _refusal() == "1 setting is wrong:\n  TELEGRAM_BOT_TOKENS: names one token twice"


@pytest.mark.parametrize(
    ("token", "complaint"),
    [
        (STAND_IN, "is the stand-in for development"),
        ("1234567890:" + "x" * 35, "repeats few characters"),
        ("1234567890:changeme-0123456789-abcdefghijklmno", "contains a well-known word"),
        (f"{BOT_TOKEN},{STAND_IN}", "is the stand-in for development"),
    ],
)
def test_token_that_botfather_did_not_give_is_refused_where_deployed(
    production: pytest.MonkeyPatch, token: str, complaint: str
) -> None:
    production.setenv("TELEGRAM_BOT_TOKENS", token)

    assert _refusal() == f"1 setting is wrong:\n  TELEGRAM_BOT_TOKENS: {complaint}; ask @BotFather for it"


def test_stand_in_is_for_development(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKENS", STAND_IN)

    assert load_settings().telegram_bots == ["1000000000"]


def test_signatures_need_no_token(production: pytest.MonkeyPatch) -> None:
    production.delenv("TELEGRAM_BOT_TOKENS")
    production.setenv("TELEGRAM_VERIFY", "signature")
    production.setenv("TELEGRAM_BOT_IDS", "1234567890, 9876543210")

    settings = load_settings()

    assert settings.telegram_bots == ["1234567890", "9876543210"]
    assert settings.telegram_bot_tokens == []


def test_signatures_are_for_the_bots_that_are_named_whatever_tokens_there_are(production: pytest.MonkeyPatch) -> None:
    production.setenv("TELEGRAM_VERIFY", "signature")
    production.setenv("TELEGRAM_BOT_IDS", "9876543210")

    assert load_settings().telegram_bots == ["9876543210"]


@pytest.mark.parametrize("environment", ["development", "production"])
def test_signatures_need_to_know_the_bot(production: pytest.MonkeyPatch, environment: str) -> None:
    production.setenv("ENVIRONMENT", environment)
    production.delenv("TELEGRAM_BOT_TOKENS")
    production.setenv("TELEGRAM_VERIFY", "signature")

    assert "TELEGRAM_BOT_IDS: is missing; it is the number before the colon" in _refusal()


@pytest.mark.parametrize(
    "bots", ["my_bot", "18014398509481984", "0123456789", "1234567890,my_bot", "-1234567890", "\u0661" * 9]
)
def test_bot_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch, bots: str) -> None:
    monkeypatch.setenv("TELEGRAM_VERIFY", "signature")
    monkeypatch.setenv("TELEGRAM_BOT_IDS", bots)

    assert "TELEGRAM_BOT_IDS: must be numbers" in _refusal()


def test_numbers_of_bots_prove_no_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_IDS", "1234567890")

    assert "TELEGRAM_BOT_IDS: is for TELEGRAM_VERIFY=signature only" in _refusal()


@pytest.mark.parametrize("environment", ["production", "elsewhere"])
def test_test_environment_of_telegram_is_refused_in_production(
    production: pytest.MonkeyPatch, environment: str
) -> None:
    production.setenv("ENVIRONMENT", environment)
    production.setenv("TELEGRAM_ENVIRONMENT", "test")

    assert "TELEGRAM_ENVIRONMENT: must be production where ENVIRONMENT is" in _refusal()


@pytest.mark.parametrize("environment", ["development", "test", "staging"])
def test_test_environment_of_telegram_is_for_trying(production: pytest.MonkeyPatch, environment: str) -> None:
    production.setenv("ENVIRONMENT", environment)
    production.setenv("TELEGRAM_ENVIRONMENT", "test")

    assert load_settings().telegram_environment == "test"


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("TELEGRAM_VERIFY", "none", "'hash' or 'signature'"),
        ("TELEGRAM_VERIFY", "both", "'hash' or 'signature'"),
        ("TELEGRAM_ENVIRONMENT", "both", "'production' or 'test'"),
        ("TELEGRAM_MAX_AGE", "59", "greater than or equal to 60"),
        ("TELEGRAM_MAX_AGE", "86401", "less than or equal to 86400"),
        ("TELEGRAM_EXCHANGE_MAX_AGE", "29", "greater than or equal to 30"),
        ("TELEGRAM_EXCHANGE_MAX_AGE", "3601", "less than or equal to 3600"),
        ("TELEGRAM_DIRECT", "sometimes", "boolean"),
    ],
)
def test_wrong_value_is_refused_with_the_accepted_form(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, complaint: str
) -> None:
    monkeypatch.setenv(name, value)

    refusal = _refusal()

    assert f"{name}: " in refusal
    assert complaint in refusal
