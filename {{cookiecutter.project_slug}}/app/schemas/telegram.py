"""Telegram's init data, exchanged for a token of our own."""

from typing import Literal

from app.schemas.base import Output


class TelegramToken(Output):
    """An access token that stands for init data, sent as `Authorization: tma`. `expires_in` is in seconds."""

    access_token: str
    token_type: Literal["tma"]
    expires_in: int
