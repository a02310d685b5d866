"""Telegram's init data, exchanged for a token of our own."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Security

from app.api.deps import Session, get_current_user, limit_requests
from app.api.openapi import problems
from app.auth.guard import refusals_counted
from app.auth.principal import SignInError
from app.auth.telegram import SCHEME, SECURITY, TelegramExchange, principal_of
from app.core.logging import get_logger
from app.core.settings import Settings
from app.core.settings.telegram import MAX_EXCHANGE_AGE
from app.schemas.telegram import TelegramToken
from app.services import telegram

log = get_logger(__name__)
router = APIRouter(prefix="/auth", tags=["telegram"])


def get_exchange(request: Request) -> TelegramExchange:
    """The exchange that the settings describe."""
    settings: Settings = request.app.state.settings
    return TelegramExchange(settings)


@router.post("/telegram", dependencies=[Security(SECURITY)], responses=problems(401, 403, 429, 503))
async def exchange_init_data(
    request: Request, exchange: Annotated[TelegramExchange, Depends(get_exchange)], session: Session
) -> TelegramToken:
    """Exchange init data for an access token, once. Makes the caller's profile: the token has no name and no language in it."""
    async with refusals_counted(request, (SCHEME,)):
        data = exchange.read(request.headers.getlist("authorization"))
        request.state.principal = principal_of(data, max_age=exchange.max_age)
        await limit_requests(request)
        await get_current_user(request)
        if not await telegram.consume(session, digest=data.digest, acceptable_for=timedelta(seconds=MAX_EXCHANGE_AGE)):
            raise SignInError("exchanged_before")
    log.info("init data exchanged", bot=data.bot)
    return TelegramToken(access_token=exchange.issue(data), token_type=SCHEME, expires_in=exchange.lifetime)
