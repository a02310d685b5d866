"""Settings of the language model."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from app.core.settings.base import ListOfText, SettingsGroup

OPENAI: Final = "https://api.openai.com/v1"


class LlmSettings(SettingsGroup):
    """Who answers, how long that may take, and what it may cost."""

    openai_api_key: SecretStr | None = Field(
        default=None, description="key of the provider of language models; no model without it and LLM_BASE_URL"
    )
    llm_base_url: str | None = Field(
        default=None, description="address of a server that speaks chat/completions; that of OpenAI when empty"
    )
    llm_models: ListOfText = Field(
        default=["gpt-5-mini"], min_length=1, description="names of models; the next is asked where one fails"
    )
    llm_prices: ListOfText = Field(
        default=[], description="prices of a million tokens, as MODEL=IN/OUT; usage without a price has no cost"
    )
    llm_connect_seconds: float = Field(default=5, gt=0, le=60, description="seconds to connect to the provider")
    llm_first_token_seconds: float = Field(default=30, gt=0, le=300, description="seconds until an answer has to begin")
    llm_token_seconds: float = Field(default=15, gt=0, le=300, description="seconds between two parts of an answer")
    llm_seconds: float = Field(default=120, gt=0, le=600, description="seconds for an answer, with all attempts")
    llm_retries: int = Field(default=1, ge=0, le=5, description="further attempts with each model before it answers")
    llm_retry_after_seconds: float = Field(
        default=5, ge=0, le=60, description="longest Retry-After that is waited for; beyond it the next model is asked"
    )
    llm_answer_tokens: int = Field(default=1000, ge=1, le=100_000, description="tokens of one answer at most")
    llm_says_usage: bool = Field(
        default=True, description="ask for stream_options.include_usage, which some servers refuse"
    )
    llm_tokens_per_day: int = Field(
        default=200_000, ge=0, description="tokens that one caller may use in a day (UTC); 0 for any number"
    )
    llm_usage_days: int = Field(default=400, ge=1, le=3650, description="days for which it is kept who used how much")

    @property
    def has_llm(self) -> bool:
        """Whether a provider is named."""
        return self.openai_api_key is not None or self.llm_base_url is not None

    @property
    def llm_price_of(self) -> Mapping[str, tuple[Decimal, Decimal]]:
        """The prices of a million tokens by model: in and out."""
        return dict(map(_price, self.llm_prices))

    @field_validator("llm_base_url")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        url = urlsplit(value)
        if url.scheme not in {"http", "https"} or not url.hostname or "@" in url.netloc or url.query or url.fragment:
            raise ValueError(f"must be an address without a key in it, as {OPENAI}")
        return value

    @field_validator("llm_prices")
    @classmethod
    def _are_prices(cls, value: list[str]) -> list[str]:
        for each in value:
            _price(each)
        return value


def _price(text: str) -> tuple[str, tuple[Decimal, Decimal]]:
    model, _, prices = text.rpartition("=")
    tokens_in, _, tokens_out = prices.partition("/")
    try:
        price = Decimal(tokens_in), Decimal(tokens_out)
    except InvalidOperation:
        price = Decimal(-1), Decimal(-1)
    if not model or not all(each.is_finite() and each >= 0 for each in price):
        raise ValueError("must be MODEL=IN/OUT, as gpt-5-mini=0.25/2; several separated by commas")
    return model, price
