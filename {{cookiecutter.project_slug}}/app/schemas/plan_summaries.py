"""Summaries of the caller's study plans, written by a language model.

Written from contracts/openapi.yaml by `just generate`: change the contract, not this file.
"""

from app.schemas.base import Output


class WrittenSummary(Output):
    """What a plan is about, in a few sentences."""

    summary: str
