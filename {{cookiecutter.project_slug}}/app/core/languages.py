"""Which language a request is answered in."""

import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

from starlette.types import Scope

from app.core.catalogues import catalogues
from app.core.i18n import DEFAULT

Value = TypeVar("Value")
MAX_HEADER = 1000  # browsers send some ten languages in 100 characters
# A language range with its weight (RFC 9110 12.5.4).
_RANGE = re.compile(r"\s*([a-z]{1,8}(?:-[a-z0-9]{1,8})*|\*)\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?")
_LAST = re.compile(r"(-[a-z0-9])?-[^-]*$|^[^-]*$")  # a single letter belongs to what follows it


def language_of(scope: Scope) -> str:
    """The language for a connection: what its `Accept-Language` prefers, then what the caller has stored, then English.

    `locale` of the state is the stored one; it is there as soon as the caller is known.
    """
    sent = b",".join(value for name, value in scope.get("headers", ()) if name == b"accept-language")
    return negotiate(sent.decode("latin-1"), stored=scope.get("state", {}).get("locale", ""))


def negotiate(accepted: str, *, stored: str = "", offered: Iterable[str] | None = None) -> str:
    """The first language that is there, by lookup (RFC 4647 3.4): `fr-CH` finds `fr`.

    `*` stands for the stored language, or English. What has `q=0` is not given, unless nothing else is there.
    """
    weights = _weights(accepted)
    names = (DEFAULT, *catalogues()) if offered is None else offered
    allowed = {name.lower(): name for name in names if _look_up(name.lower(), weights) != 0}
    ranked = sorted((tag for tag in weights if weights[tag]), key=weights.__getitem__, reverse=True)
    named = ranked[: ranked.index("*")] if "*" in ranked else ranked
    found = (_look_up(tag, allowed) for tag in (*named, stored.lower(), DEFAULT, *allowed))
    return next(filter(None, found), DEFAULT)


def _weights(accepted: str) -> dict[str, float]:
    if len(accepted) > MAX_HEADER:
        accepted = accepted[:MAX_HEADER].rpartition(",")[0]  # half an item would mean something else
    items = map(_RANGE.fullmatch, accepted.lower().split(","))
    return {item[1]: float(item[2] or 1) for item in items if item}


def _look_up(tag: str, values: Mapping[str, Value]) -> Value | None:
    while tag and tag not in values:
        tag = _LAST.sub("", tag)
    return values.get(tag)
