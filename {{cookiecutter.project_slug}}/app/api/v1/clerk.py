"""What Clerk reports about its users."""

import time
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request, status

from app.api.deps import Session
from app.api.openapi import problems
from app.auth import svix
from app.core.errors import AppError
from app.core.i18n import gettext as _
from app.core.logging import get_logger
from app.core.rate_limit import RateLimiter, address_key
from app.core.settings.clerk import ClerkSettings
from app.schemas.clerk import ClerkEvent, read_event
from app.services import clerk

router = APIRouter(prefix="/webhooks", tags=["clerk"])
log = get_logger(__name__)


class WebhookRefused(AppError):
    """A message that is not signed as it must be, or that cannot be read."""

    status: ClassVar[int] = 400
    code = "webhook_refused"
    detail = _("The message could not be verified.")


async def verified_message(request: Request) -> str:
    """The id of a message that Clerk has signed.

    Raises:
        TooManyRequests: too many messages from this address could not be verified.
        WebhookRefused: this one could not.
    """
    settings: ClerkSettings = request.app.state.settings
    limiter: RateLimiter = request.app.state.rate_limiter
    address = address_key(request.client.host if request.client else None)
    await limiter.check_failed_sign_ins(address)
    try:
        return svix.verify(request.headers, await request.body(), settings.clerk_webhook_keys, now=time.time())
    except svix.SignatureError as error:
        log.info("webhook refused", reason=error.reason)
        await limiter.count_failed_sign_in(address)
        raise WebhookRefused from None


MessageId = Annotated[str, Depends(verified_message)]


async def event_of(request: Request, message_id: MessageId) -> ClerkEvent | None:
    """The event of a verified message; None when it means nothing here."""
    try:
        return read_event(await request.body())
    except ValueError:
        log.warning("webhook not understood", message_id=message_id)
        raise WebhookRefused(_("The message could not be read.")) from None


@router.post("/clerk", status_code=status.HTTP_204_NO_CONTENT, responses=problems(400, 413, 429, 503))
async def receive_clerk_event(
    message_id: MessageId, event: Annotated[ClerkEvent | None, Depends(event_of)], session: Session
) -> None:
    """Take note of what happened to a user of Clerk."""
    if event:
        await clerk.receive(session, message_id=message_id, event=event)
