"""Answers with a form: a Pydantic model asked for, and held to."""

import json
from collections.abc import Sequence
from typing import Final, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

from app.llm.completion import AnswerUnreadable, Message
from app.llm.model import LanguageModel

Answer = TypeVar("Answer", bound=BaseModel)
ATTEMPTS: Final = 2
MAX_ERRORS: Final = 10


async def ask(model: LanguageModel, form: type[Answer], messages: Sequence[Message], *, caller: UUID | None) -> Answer:
    """An answer that fits `form`. One that does not is sent back once, with what is wrong with it.

    It has the form, and need not be true: hold what it says to what you know. Raises what `LanguageModel.stream` does, and:

    Raises:
        AnswerUnreadable: the second did not fit either.
    """
    schema = json.dumps(form.model_json_schema())
    asked = [*messages, Message("system", f"Answer with one JSON object of this schema and nothing else: {schema}")]
    for _attempt in range(ATTEMPTS):
        text = await model.complete(asked, caller=caller, as_json=True)
        try:
            return form.model_validate_json(text[text.find("{") : text.rfind("}") + 1])
        except ValidationError as error:
            wrong = error.errors(include_url=False, include_context=False, include_input=False)[:MAX_ERRORS]
            asked += [Message("assistant", text), Message("user", f"This does not fit the schema: {json.dumps(wrong)}")]
    raise AnswerUnreadable(reason=f"no {form.__name__} after {ATTEMPTS} attempts")
