"""Summaries of study plans, written by the language model."""

import json
from functools import partial
from hashlib import sha256
from typing import Final
from uuid import UUID

from app.cache.cache import Cache
from app.cache.entries import Kind
from app.llm.completion import Message
from app.llm.model import LanguageModel
from app.llm.prompts import read_prompt
from app.services.study_plans import Details

KEPT_SECONDS: Final = 3600


def conversation(plan: Details, *, language: str) -> list[Message]:
    """What the model is asked: the plan is data, and no part of the instructions."""
    codes = [{"code": each.code, "label": each.label} for each in plan.codes]
    data = {"title": plan.title, "description": plan.description, "codes": codes}
    return [
        Message("system", read_prompt("plan_summary", language)),
        Message("user", json.dumps(data, ensure_ascii=False)),
    ]


async def summarise(model: LanguageModel, cache: Cache, *, caller: UUID, language: str, plan: Details) -> str:
    """The summary of a plan as it is now: all that the model is asked is in the key, so that after a change another one is written."""
    asked = conversation(plan, language=language)
    kind = Kind("plan_summary", str, seconds=KEPT_SECONDS, within=model.settings.llm_seconds, for_callers=True)
    state = sha256(repr(asked).encode()).hexdigest()
    compute = partial(model.complete, asked, caller=caller)
    return await cache.get(kind, plan.id, state, caller=caller, language=language, compute=compute)
