"""What the errors of the database mean to the service."""

from asyncpg.exceptions import PostgresError
from sqlalchemy.exc import DBAPIError

from app.core.errors import Unavailable
from app.core.i18n import gettext as _
from app.db.causes import cause_of

RETRY_AFTER = 1.0
# Conditions that pass by themselves, by class or by code: https://www.postgresql.org/docs/current/errcodes-appendix.html
_PASSING_CLASSES = frozenset({"08", "53", "57", "58"})  # connection, resources, operator intervention, system
_PASSING_CODES = frozenset(
    {"40001", "40P01", "55P03", "25P03", "25006"}
)  # serialization, deadlock, lock, idle, read-only


def unavailable(cause: BaseException) -> Unavailable:
    """PostgreSQL does not answer, or not in time. Callers get the sentence, operators the cause."""
    detail = _("The database does not answer. Try again in a moment.")
    return Unavailable(detail, retry_after=RETRY_AFTER, reason=cause_of(cause))


def violated_constraint(error: DBAPIError) -> str | None:
    """Name of the constraint that a statement violated, as the naming convention of the models makes it."""
    cause = _postgres_error(error)
    name = getattr(cause, "constraint_name", None)
    return name if isinstance(name, str) else None


def is_foreign_key_violation(error: BaseException) -> bool:
    """Whether a row refers to one that is not there, or one that is referred to was to be deleted."""
    return getattr(_postgres_error(error), "sqlstate", None) == "23503"


def refused_value(error: BaseException) -> str | None:
    """The kind of error where a value was at fault: PostgreSQL does not take it (class 22), or asyncpg cannot even send it, which it calls 22000.

    The text of such an error repeats the value, so it goes nowhere. A value of another type than its column is not meant: our code is at fault.
    """
    cause = _postgres_error(error)
    mistyped = cause is not None and isinstance(cause.__cause__, TypeError | AttributeError)
    code = getattr(cause, "sqlstate", None)
    return type(cause).__name__ if isinstance(code, str) and code.startswith("22") and not mistyped else None


def is_transient(error: BaseException) -> bool:
    """Whether the same statement can succeed later, with nothing changed in it."""
    code = getattr(_postgres_error(error), "sqlstate", None)
    return isinstance(code, str) and (code[:2] in _PASSING_CLASSES or code in _PASSING_CODES)


def _postgres_error(error: BaseException) -> PostgresError | None:
    """asyncpg's error, which knows its code: SQLAlchemy keeps it as the cause of its own."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, PostgresError):
        cause = cause.__cause__
    return cause
