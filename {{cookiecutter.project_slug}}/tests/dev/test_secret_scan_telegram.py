"""The token of a Telegram bot is found."""

from dev.secret_scan import patterns, scan


def test_bot_token_is_found() -> None:
    token = "1234567890:" + "AAHq7R2kVx9LmT4pZs8WcB3nYd6JfG1uKe5"

    found = list(scan([("docs/bot.md", token.encode())], patterns()))

    assert [finding.rule for finding in found] == ["telegram-bot-token"]
