"""The port to a language model: what the service asks, and what may come of it."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from app.core.errors import Conflict, TooManyRequests, Unavailable
from app.core.i18n import gettext as _


@dataclass(frozen=True)
class Message:
    """A part of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass
class Spent:
    """What an answer has cost so far. An adapter fills it in while the answer comes: the tokens only if the provider says them, no model if none has taken the question."""

    model: str = ""
    characters: int = 0
    tokens_in: int | None = None
    tokens_out: int | None = None
    is_whole: bool = False


class Completion(Protocol):
    """Whatever answers a conversation."""

    def stream(self, messages: Sequence[Message], *, spent: Spent, as_json: bool = False) -> AsyncGenerator[str, None]:
        """The parts of one answer, in their order. It is whole only if this ends without an error; closed early, it lets go of the provider.

        Raises:
            ModelUnavailable: nothing was answered.
            AnswerCutOff: the answer broke off.
        """
        ...


class NoLanguageModel(Conflict):
    """The settings name no provider."""

    code = "no_language_model"
    detail = _("This service has no language model.")


class TokenBudgetUsedUp(TooManyRequests):
    """The caller may spend no more tokens today."""

    code = "token_budget_used_up"
    detail = _("Your tokens for today are used up.")


class ModelUnavailable(Unavailable):
    """No model has begun to answer."""

    code = "model_unavailable"
    detail = _("The language model does not answer right now. Try again in a moment.")


class AnswerCutOff(Unavailable):
    """An answer broke off: what has come of it is not the whole."""

    code = "answer_cut_off"
    detail = _("The answer broke off. Try again.")


class AnswerUnreadable(Unavailable):
    """An answer did not have the form that was asked for, even after its mistakes were named."""

    code = "answer_unreadable"
    detail = _("The language model gave no usable answer. Try again.")
