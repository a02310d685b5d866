"""The three services on a tiny database, started once for all tests here."""

from collections.abc import Iterator

import pytest

from dev.benchmark.data import Size
from dev.benchmark.measure import Effort
from dev.benchmark.session import Session, session


@pytest.fixture(scope="session")
def running() -> Iterator[Session]:
    """20 users, 200 rows, 2 who call."""
    effort = Effort(rounds=2, seconds=0.1, connections=2, starts=1)
    with session(Size(users=20, rows=200), effort, people=2, say=lambda _text: None) as running:
        yield running
