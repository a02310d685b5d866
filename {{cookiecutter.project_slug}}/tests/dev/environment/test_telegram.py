"""The stand-in for the bot's token."""

import re

from dev.environment.telegram import DEVELOPMENT_SECRETS


def test_token_has_telegrams_form_and_is_visibly_not_real() -> None:
    token = DEVELOPMENT_SECRETS["TELEGRAM_BOT_TOKENS"]()

    assert re.fullmatch(r"1000000000:[A-Za-z0-9_-]{35}", token)
