"""What the owners of accounts are written. The request only enqueues, for any address alike, so its answer tells nothing."""

from typing import Final
from uuid import UUID

from app import jobs
from app.core import mail
from app.core.i18n import gettext as _
from app.services import account_links
from app.services.account_links import Purpose

_SUBJECTS: Final = {
    "new": _("Welcome! Confirm your address"),
    "confirm": _("Confirm your address"),
    "reset": _("Choose a new password"),
    "taken": _("You have an account already"),
    "email_changed": _("Your address was changed"),
    "password_changed": _("Your password was changed"),
}
_TEXTS: Final = {
    "new": _("Welcome! Follow this link within a day, so that we know that this address is yours:"),
    "confirm": _("Follow this link within a day, so that we know that this address is yours:"),
    "reset": _("Follow this link within 30 minutes to choose a new password:"),
    "taken": _(
        "Somebody wanted to register with your address, which has an account already. If you have forgotten your password, follow this link within 30 minutes:"
    ),
    "email_changed": _("You sign in with another address from now on."),
    "password_changed": _("Your password was changed, and you are signed out everywhere."),
}
_PAGES: Final = {Purpose.CONFIRM: "confirm-email", Purpose.RESET: "reset-password"}
_IGNORE: Final = _("If that was not you, ignore this message.")
_ACT: Final = _("If that was not you, write to us at once.")


@jobs.job()
async def welcome(context: jobs.Context, *, email: str, is_new: bool) -> None:
    """Welcome somebody who has registered, with a link to confirm the address; its owner if it was taken."""
    await _send_link(context, "new" if is_new else "taken", email=email)


@jobs.job()
async def send_reset(context: jobs.Context, *, email: str) -> None:
    """Send a link that resets the password, if the address is somebody's."""
    await _send_link(context, "reset", email=email)


@jobs.job()
async def send_confirmation(context: jobs.Context, *, user_id: UUID, email: str) -> None:
    """Send a link that confirms an address, and makes it the account's; if it is somebody else's, tell its owner."""
    async with context.database.session() as session:
        owner = await account_links.find_owner(session, email=email)
    if owner and owner.user_id != user_id:
        await _send_link(context, "taken", email=email)
    else:
        await _send_link(context, "confirm", email=email, user_id=user_id)


@jobs.job()
async def send_notice(context: jobs.Context, *, notice: str, email: str, locale: str) -> None:
    """Tell somebody at an address what has changed."""
    await _send(context, notice, email, locale, _TEXTS[notice].into(locale), _ACT.into(locale))


async def _send_link(context: jobs.Context, kind: str, *, email: str, user_id: UUID | None = None) -> None:
    purpose = Purpose.CONFIRM if kind in {"new", "confirm"} else Purpose.RESET
    async with context.database.session() as session:
        owner = await account_links.find_owner(session, email=email, user_id=user_id)
        token = owner and await account_links.issue(
            session, owner=owner, purpose=purpose, email=email, job_id=context.job_id
        )
    if owner and token:
        link = f"{context.settings.links_url}/{_PAGES[purpose]}#token={token}"
        await _send(
            context, kind, email, owner.locale, _TEXTS[kind].into(owner.locale), link, _IGNORE.into(owner.locale)
        )


async def _send(context: jobs.Context, kind: str, email: str, locale: str, *paragraphs: str) -> None:
    subject = _SUBJECTS[kind].into(locale)
    text = "\n\n".join(paragraphs) + "\n"
    await mail.send(context.settings, to=email, subject=subject, text=text, key=f"job-{context.job_id}")
