"""What the child is allowed, and how it says why a report cannot be read."""

from typing import Literal, NamedTuple

Fault = Literal[
    "wrong_type", "encrypted", "damaged", "too_many_pages", "too_many_characters", "too_expensive", "no_text"
]


class Limits(NamedTuple):
    """What one report may be and cost; `memory` is in MiB."""

    pages: int
    characters: int
    seconds: float
    memory: int


class Unreadable(Exception):
    """The report cannot be read, and why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault: Fault = fault
