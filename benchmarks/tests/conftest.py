"""The three services on a tiny database, started once for all tests here."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.data import Size
from benchmarks.measure import Effort
from benchmarks.session import Session, session
from benchmarks.tests import SERVICE


@pytest.fixture(scope="session", autouse=True)
def _in_the_service() -> Iterator[None]:
    """The commands find the service by the working folder."""
    before = Path.cwd()
    os.chdir(SERVICE)
    yield
    os.chdir(before)


@pytest.fixture(scope="session")
def running(_in_the_service: None) -> Iterator[Session]:
    """20 users, 200 rows, 2 who call."""
    effort = Effort(rounds=2, seconds=0.1, connections=2, starts=1)
    with session(Size(users=20, rows=200), effort, people=2, say=lambda _text: None) as running:
        yield running
