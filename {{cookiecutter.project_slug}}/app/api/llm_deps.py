"""The language model as a dependency of routes."""

from typing import Annotated

from fastapi import Depends, Request

from app.llm.completion import NoLanguageModel
from app.llm.model import LanguageModel


async def get_language_model(request: Request) -> LanguageModel:
    """The language model.

    Raises:
        NoLanguageModel: the settings name no provider.
    """
    model: LanguageModel | None = request.app.state.llm
    if model is None:
        raise NoLanguageModel
    return model


Model = Annotated[LanguageModel, Depends(get_language_model)]
