"""The token of a Telegram bot is found."""

import pytest
from devkit.tests.processes import SERVICE

from service_devkit.project import tool
from service_devkit.secret_scan import patterns, scan

TOKEN = "1234567890:" + "AAHq7R2kVx9LmT4pZs8WcB3nYd6JfG1uKe5"


@pytest.mark.parametrize(
    "text", [TOKEN, f"https://api.telegram.org/bot{TOKEN}/getMe", f'"{TOKEN[:-1]}-"'], ids=["alone", "url", "dash"]
)
def test_bot_token_is_found(text: str) -> None:
    found = list(scan([("docs/bot.md", text.encode())], patterns(tool(SERVICE, "secrets", "shapes"))))

    assert [finding.rule for finding in found] == ["telegram-bot-token"]
