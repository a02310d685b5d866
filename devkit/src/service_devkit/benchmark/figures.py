"""What is measured of an operation."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figures:
    """Requests one after the other on one connection; the statements are those of one request."""

    requests: int
    mean_ms: float
    p95_ms: float
    per_second: float
    statements: tuple[str, ...]


def figures(seconds: Sequence[float], statements: Sequence[str]) -> Figures:
    """The figures of so many answered requests, at least one."""
    mean = sum(seconds) / len(seconds)
    p95 = sorted(seconds)[math.ceil(0.95 * len(seconds)) - 1]
    return Figures(len(seconds), mean * 1000, p95 * 1000, 1 / mean, tuple(statements))
