"""How Alembic reaches the database: the application's settings, its own short timeouts, one migration at a time."""

import asyncio
import re
import time
from pathlib import Path

from alembic import context
from alembic.ddl._autogen import ComparisonResult
from alembic.ddl.postgresql import CreateExcludeConstraintOp, PostgresqlImpl
from alembic.operations.ops import CreateTableOp, DropConstraintOp, ExecuteSQLOp, MigrationScript
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Column, Connection, MetaData, Table, inspect, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateTable, SchemaItem

from app.core.database_url import Address, parse_database_url
from app.core.errors import Unavailable
from app.core.i18n import Text
from app.core.logging import get_logger
from app.core.settings import load_settings
from app.db.adoption import check_tables_match
from app.db.engine import create_direct_engine, direct_address_of
from app.db.ownership import DatabaseState, WrongDatabase, fault_of, mark, read_state, tables_of
from app.db.revisions import Revisions
from app.models import Base

log = get_logger(__name__)

LOCK_TIMEOUT = "5s"  # a migration that waits for a lock makes everybody behind it wait too
STATEMENT_TIMEOUT = "60s"
TURN_SECONDS = 600
ADVISORY_LOCK = 7_316_291_047  # any number, the same in every process that migrates


def run_offline() -> None:
    """Print the SQL instead of running it."""
    context.configure(
        dialect_name="postgresql",
        target_metadata=Base.metadata,
        literal_binds=True,
        transaction_per_migration=True,
    )
    context.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    context.execute(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'")
    with context.begin_transaction():
        context.run_migrations()


def set_timeouts(connection: Connection) -> None:
    """Bound what one statement may wait for a lock, and take; again after each revision, which may have set its own."""
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))


class PrintedDefaults(PostgresqlImpl):
    """For `just migration`: a default is another one if PostgreSQL prints it otherwise. Alembic asks whether both are equal, which JSON has no answer to."""

    __dialect__ = "postgresql"  # by this Alembic takes the class in place of its own

    def compare_server_default(
        self, inspector_column: Column[object], metadata_column: Column[object], wanted: str | None, found: str | None
    ) -> bool:
        """Whether the default of a column must be altered; one that cannot be tried is named, and left."""
        connection = self.connection
        if connection is None or wanted is None or found is None:
            return bool(super().compare_server_default(inspector_column, metadata_column, wanted, found))  # type: ignore[no-untyped-call] # Alembic has none here
        compiler = connection.dialect.ddl_compiler(connection.dialect, CreateTable(metadata_column.table))
        default = compiler.get_column_default_string(metadata_column)
        kind = metadata_column.type.compile(connection.dialect)
        attempt = connection.begin_nested()
        try:
            connection.execute(text(f"CREATE TEMPORARY TABLE tried (value {kind} DEFAULT {default})"))
            of_tried = "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'tried'::regclass"
            return bool(connection.scalar(text(of_tried)) != found)
        except DBAPIError as error:
            log.warning("default not compared", column=str(metadata_column), reason=str(error.orig))
            return False
        finally:
            attempt.rollback()

    def compare_check_constraint(
        self, metadata_constraint: CheckConstraint, reflected_constraint: CheckConstraint
    ) -> ComparisonResult:
        """A check is another one if PostgreSQL prints it otherwise; one that cannot be tried is named, and left."""
        if self.connection is None:
            return super().compare_check_constraint(metadata_constraint, reflected_constraint)
        columns = [Column(each.name, each.type) for each in metadata_constraint.table.columns]
        check = CheckConstraint(metadata_constraint.sqltext, name="tried")
        attempt = self.connection.begin_nested()
        try:
            Table("tried", MetaData(), *columns, check, prefixes=["TEMPORARY"]).create(self.connection)
            printed = inspect(self.connection).get_check_constraints("tried")[0]["sqltext"]
        except DBAPIError as error:
            log.warning("check not compared", check=str(metadata_constraint.name), reason=str(error.orig))
            return ComparisonResult.Skip(str(error.orig))
        finally:
            attempt.rollback()
        if printed == str(reflected_constraint.sqltext):
            return ComparisonResult.Equal()
        # Existing rows are checked later, without a lock.
        metadata_constraint.dialect_kwargs["postgresql_not_valid"] = True
        return ComparisonResult.Different(f"it is {printed} now")


def is_ours(item: SchemaItem, name: str | None, _: str, reflected: bool, model: SchemaItem | None) -> bool:
    """For `just migration`: a table that neither a model nor a revision knows is somebody else's, and is never dropped."""
    if not isinstance(item, Table) or not reflected or model is not None:
        return True
    sources = [
        Path(each.path).read_text(encoding="utf-8")
        for each in ScriptDirectory.from_config(context.config).walk_revisions()
    ]
    if any(re.search(rf"""create_table\(\s*["']{re.escape(str(name))}["']""", source) for source in sources):
        return True
    log.warning("table left alone: no model describes it, and no revision makes it", table=str(item))
    return False


def is_our_schema(name: str | None, kind: str, _: object) -> bool:
    """For `just migration`: the schemas that models name, and the one where tables are that name none."""
    return kind != "schema" or name in {None, *(table.schema for table in Base.metadata.tables.values())}


def add_exclusions(migration: MigrationContext, _: object, scripts: list[MigrationScript]) -> None:
    """For `just migration`: an exclusion constraint of a table that is there, which Alembic does not compare, and the extension that `=` needs in one."""
    if (connection := migration.connection) is None:
        return
    present = set(connection.scalars(text("SELECT conname::text FROM pg_constraint WHERE contype = 'x'")))
    constraints = [each for table in Base.metadata.sorted_tables for each in table.constraints]
    new = [each for each in constraints if isinstance(each, ExcludeConstraint) and each.name not in present]
    for script in scripts:
        up, down = script.upgrade_ops_list[0].ops, script.downgrade_ops_list[0].ops
        made = {(each.schema, each.table_name) for each in up if isinstance(each, CreateTableOp)}
        for each in (each for each in new if (each.table.schema, each.table.name) not in made):
            up.append(CreateExcludeConstraintOp.from_constraint(each))
            down.insert(0, DropConstraintOp(each.name, each.table.name, schema=each.table.schema))
        if any("=" in each.operators.values() for each in new):
            up.insert(0, ExecuteSQLOp("CREATE EXTENSION IF NOT EXISTS btree_gist"))


def wait_for_turn(connection: Connection) -> None:
    """Take the lock that only one process that migrates has; give up after `TURN_SECONDS`."""
    deadline = time.monotonic() + TURN_SECONDS
    while not connection.scalar(text(f"SELECT pg_try_advisory_lock({ADVISORY_LOCK})")):
        if time.monotonic() > deadline:
            raise Unavailable(Text("Another migration has been running for ten minutes. Look at it, then try again."))
        log.info("another migration is running, waiting")
        time.sleep(1)


def check_owner(connection: Connection) -> DatabaseState:
    """Raise `WrongDatabase` before anything is written to a database of another service."""
    state = read_state(connection)
    if context.config.attributes.get("adopt"):
        return state
    script = context.script
    known = frozenset(revision.revision for revision in script.walk_revisions())
    if fault := fault_of(state, Revisions(known, None)):
        raise WrongDatabase(reason=fault)
    if not state.owners:
        applied = list(script.iterate_revisions(tuple(state.revisions), "base"))
        check_tables_match(tables_of(connection), [Path(revision.path) for revision in reversed(applied)])
    return state


def run_on(connection: Connection) -> None:
    """Run on an open connection; other processes that migrate wait until this one is done."""
    wait_for_turn(connection)
    set_timeouts(connection)
    connection.commit()
    state = check_owner(connection)
    if state.migrated and context.config.attributes.get("mark"):
        mark(connection, state.owners)
    connection.commit()

    def after_revision() -> None:
        set_timeouts(connection)
        mark(connection, state.owners)

    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transaction_per_migration=True,
        compare_server_default=True,
        autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
        on_version_apply=lambda **_: after_revision(),
        include_schemas=True,
        include_name=is_our_schema,
        include_object=is_ours,
        process_revision_directives=add_exclusions,
    )
    try:
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.rollback()
        connection.execute(text(f"SELECT pg_advisory_unlock({ADVISORY_LOCK})"))
        connection.commit()


async def run_online() -> None:
    """Connect past any pooler and run."""
    engine = create_direct_engine(_address())
    async with engine.connect() as connection:
        await connection.run_sync(run_on)
    await engine.dispose()


def _address() -> Address:
    """The database of the settings. It never passes through Alembic's configuration, where a `%` in a password is syntax."""
    if url := context.config.attributes.get("url"):
        return parse_database_url(str(url))
    return direct_address_of(load_settings())


if context.is_offline_mode():
    run_offline()
elif (given := context.config.attributes.get("connection")) is not None:
    run_on(given)
else:
    asyncio.run(run_online())
