"""Break each check of a verifier once, and see its tests fail: `python -m tools.mutants PROVIDER`.

Each module of this package lists the mutants of one subject, and the tests that must kill them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One check, broken: `old`, which stands in the file exactly once, becomes `new`."""

    file: str
    old: str
    new: str
