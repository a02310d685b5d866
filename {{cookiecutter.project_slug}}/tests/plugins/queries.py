"""How many statements a piece of work sends to the database, and from where."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import pytest
from greenlet import getcurrent  # type: ignore[import-untyped] # its types are a package of their own
from sqlalchemy import Engine, event
from sqlalchemy.ext.asyncio import AsyncEngine

ROOT = Path(__file__).resolve().parents[2]
_TRANSACTION = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")


@dataclass
class Statements:
    """The statements that were sent, each with the line of ours that sent it."""

    sent: list[tuple[str, str]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.sent)

    def report(self) -> str:
        """One line for each statement."""
        return "\n".join(f"{where}: {folded(text)}" for text, where in self.sent)


def folded(statement: str) -> str:
    """A statement on one line."""
    return " ".join(statement.split())


@contextmanager
def recording(engine: Engine | type[Engine]) -> Iterator[Statements]:
    """The statements that are sent inside the block through an engine, or through every engine; those of transactions are left out."""
    statements = Statements()

    def note(_connection: object, _cursor: object, text: str, *_rest: object) -> None:
        if not text.startswith(_TRANSACTION):
            statements.sent.append((text, _line_of_ours()))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


class QueryBudget:
    """Fails a test that sends more statements than it says it may."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.sync_engine

    @contextmanager
    def __call__(self, most: int) -> Iterator[Statements]:
        """Inside the block at most this many statements may be sent; more fail with each of them and its line."""
        with recording(self._engine) as statements:
            yield statements
        if len(statements) > most:
            pytest.fail(f"{len(statements)} statements, {most} allowed:\n{statements.report()}", pytrace=False)


def _line_of_ours() -> str:
    """The innermost line of `app/` that asked the database."""
    for frame in _frames():
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(ROOT / "app") and not path.is_relative_to(ROOT / "app/db"):
            return f"{path.relative_to(ROOT)}:{frame.f_lineno}"
    return "outside of app/"


def _frames() -> Iterator[FrameType]:
    """What is being called, from the inside out: SQLAlchemy works in a greenlet, and the stack of a greenlet ends where it was started."""
    current = getcurrent()
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 - the only way to the running frame
    while current is not None:
        while frame is not None:
            yield frame
            frame = frame.f_back
        current = current.parent
        frame = current.gr_frame if current is not None else None


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--write-queries` writes down what tests/api/test_queries.py would compare."""
    parser.addoption("--write-queries", action="store_true", help="write the statements of each route to its table")


@pytest.fixture
def query_budget(engine: AsyncEngine) -> QueryBudget:
    """`with query_budget(2): ...` fails when the block sends a third statement."""
    return QueryBudget(engine)
