"""Whose database this is: migrations leave a mark on Alembic's table, and nobody writes to a database with another's mark.

Revisions alone do not say it: services made of one template begin with the same ones. The mark is a comment, so that dumps, poolers and copies
carry it, and reading it costs no statement more than reading the revision.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from app.core.errors import Unavailable
from app.core.project import DATABASE_OWNER
from app.db.revisions import Revisions

ENCODING = "UTF8"
BEHIND = "migrations are missing; run `python -m app migrate`"
_LOOK = text(
    "SELECT current_setting('server_encoding'), to_regclass('alembic_version') IS NOT NULL,"
    " obj_description(to_regclass('alembic_version'), 'pg_class')"
)
_REVISIONS = text("SELECT version_num FROM alembic_version")
_TABLES = text(
    "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'alembic_version'"
    " AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
    " AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')"
)


class WrongDatabase(Unavailable):
    """The database is not this service's, or not fit for it; `reason` says why and what to do."""


@dataclass(frozen=True)
class DatabaseState:
    """What a database says about itself. `owners` is empty where nothing was ever marked."""

    encoding: str
    migrated: bool
    revisions: frozenset[str]
    owners: frozenset[str]


def read_state(connection: Connection) -> DatabaseState:
    """Ask, in two statements."""
    encoding, migrated, mark = connection.execute(_LOOK).one()
    revisions = connection.scalars(_REVISIONS).all() if migrated else []
    return DatabaseState(encoding, migrated, frozenset(revisions), frozenset(mark.split(", ") if mark else ()))


def tables_of(connection: Connection) -> set[str]:
    """The tables of the schema that migrations write to, without those of extensions."""
    return set(connection.scalars(_TABLES))


def fault_of(state: DatabaseState, known: Revisions) -> str | None:
    """Why this service must not use the database, and what to do; None where it may."""
    if state.encoding != ENCODING:
        return (
            f"The database is encoded in {state.encoding}, which cannot hold every name; this service needs {ENCODING}."
            f" Make one with CREATE DATABASE name ENCODING '{ENCODING}' TEMPLATE template0."
        )
    if state.owners and DATABASE_OWNER not in state.owners:
        return (
            f"The database belongs to {', '.join(sorted(state.owners))}; this is {DATABASE_OWNER}."
            " Correct DATABASE_URL (one of the shell takes the place of the one in .env), or, where this service was"
            " renamed or its sign-in changed, run `python -m app migrate --adopt` once."
        )
    unknown = sorted(state.revisions - known.known)
    if unknown and not state.owners:
        return f"The database is at the revision {unknown[0]}, which is not of this service. Correct DATABASE_URL."
    return None


def refuse_foreign(connection: Connection, known: Revisions) -> None:
    """Raise `WrongDatabase` where writing would be wrong, or where tables may be missing: for commands, before they write."""
    state = read_state(connection)
    if fault := fault_of(state, known):
        raise WrongDatabase(reason=fault)
    if known.are_ahead_of(state.revisions):
        raise WrongDatabase(reason=BEHIND)


def mark(connection: Connection, owners: frozenset[str]) -> None:
    """Write down that this service is among the owners; names that it had before stay, for processes that still run."""
    owner = ", ".join(sorted(owners | {DATABASE_OWNER})).replace("'", "''")
    connection.exec_driver_sql(f"COMMENT ON TABLE alembic_version IS '{owner}'")
