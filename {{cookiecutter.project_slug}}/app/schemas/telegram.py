"""Telegram's init data, exchanged for a token of our own.

Written from contracts/openapi.yaml by `just generate`: change the contract, not this file.
"""

from typing import Literal

from app.schemas.base import Output


class TelegramToken(Output):
    """An access token that stands for init data."""

    access_token: str
    token_type: Literal["tma"]
    expires_in: int
