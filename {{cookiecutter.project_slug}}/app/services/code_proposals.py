"""Codes that the language model proposes out of a report, held to the report."""

import asyncio
import json
import re
from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, Field

from app.core.errors import AppError
from app.core.i18n import DEFAULT
from app.core.logging import get_logger
from app.llm.completion import Message
from app.llm.model import LanguageModel
from app.llm.prompts import read_prompt
from app.llm.structured import ask
from app.schemas.study_plans import CodeCreate
from app.services import study_plans_extraction
from app.services.study_plans import MAX_CODES

log = get_logger(__name__)

MAX_CHARACTERS: Final = 40_000  # of a report, which the model is given: about ten thousand tokens


class Proposals(BaseModel):
    """What the model may answer."""

    codes: Annotated[list[CodeCreate], Field(max_length=MAX_CODES)]


async def codes_in(model: LanguageModel, text: str, caller: UUID) -> list[CodeCreate]:
    """The codes that are found without a model, then those that it proposes and that stand in the text. Where it does not answer, the former alone.

    Raises:
        TooManyCodes: there are more than a plan holds without the model's.
    """
    found = await study_plans_extraction.codes_in(text, caller)
    given = text[:MAX_CHARACTERS]
    asked = [
        Message("system", read_prompt("code_proposals", DEFAULT)),
        Message("user", json.dumps({"report": given}, ensure_ascii=False)),
    ]
    try:
        proposed = await ask(model, Proposals, asked, caller=caller)
    except AppError as error:
        log.warning("no codes proposed", reason=error.code)
        return found
    return await asyncio.to_thread(_joined, found, proposed.codes, given)


def _joined(found: list[CodeCreate], proposed: list[CodeCreate], text: str) -> list[CodeCreate]:
    joined = {each.code: each for each in found}
    for each in proposed:
        if each.code not in joined and stands_in(each.code, text):
            joined[each.code] = each if each.label in text else CodeCreate(code=each.code)
    return [*joined.values()][:MAX_CODES]


def stands_in(code: str, text: str) -> bool:
    """Whether a code stands in a text: in any case, its letters and numbers together or up to two other characters apart."""
    parts = r"[\W_]{0,2}".join(re.findall(r"[A-Z]+|[0-9]+", code))
    return re.search(rf"(?<![^\W_]){parts}(?![^\W_])", text, re.IGNORECASE) is not None
