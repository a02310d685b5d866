"""How many statements a piece of work sends to the database, and from where."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import event
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
        return "\n".join(f"{where}: {' '.join(text.split())}" for text, where in self.sent)


class QueryBudget:
    """Fails a test that sends more statements than it says it may."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.sync_engine

    @contextmanager
    def __call__(self, most: int) -> Iterator[Statements]:
        """Inside the block at most this many statements may be sent; more fail with each of them and its line."""
        statements = Statements()

        def note(_connection: object, _cursor: object, text: str, *_rest: object) -> None:
            if not text.startswith(_TRANSACTION):
                statements.sent.append((text, _line_of_ours()))

        event.listen(self._engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(self._engine, "before_cursor_execute", note)
        if len(statements) > most:
            pytest.fail(f"{len(statements)} statements, {most} allowed:\n{statements.report()}", pytrace=False)


def _line_of_ours() -> str:
    """The innermost line of `app/` that asked the database: through greenlets too, which keep the stack of the caller."""
    for frame in reversed(traceback.extract_stack()):
        path = Path(frame.filename)
        if path.is_relative_to(ROOT / "app") and not path.is_relative_to(ROOT / "app/db"):
            return f"{path.relative_to(ROOT)}:{frame.lineno}"
    return "outside of app/"


@pytest.fixture
def query_budget(engine: AsyncEngine) -> QueryBudget:
    """`with query_budget(2): ...` fails when the block sends a third statement."""
    return QueryBudget(engine)
