"""Say what is missing, and how to fix it."""

import asyncio
import sys
from collections.abc import Iterator

import click

from app.core.database_url import DatabaseUrlError
from app.core.listening import bind
from app.core.settings import ConfigurationError, Settings, load_settings
from app.db.engine import create_single_use_engine
from app.db.revisions import read_revisions
from app.services.readiness import TIMEOUT_SECONDS, Check, Readiness

Finding = tuple[str, str]


@click.command()
def doctor() -> None:
    """Look at settings, database, migrations and port. Exit status 1 when something needs fixing."""
    findings = list(run_checks())
    for subject, remedy in findings:
        click.echo(f"BAD  {subject}\n     {remedy}" if remedy else f"ok   {subject}")
    sys.exit(1 if any(remedy for _, remedy in findings) else 0)


def run_checks() -> Iterator[Finding]:
    """What was looked at, and what to do about it, which is empty where all is well. Without settings there is no more to look at."""
    try:
        settings = load_settings()
    except ConfigurationError as error:
        yield "settings", str(error)
        return
    yield f"settings ({settings.environment})", ""
    yield from _database(settings)
    yield f"port {settings.port}", _obstacle_to_listening(settings)


def _database(settings: Settings) -> Iterator[Finding]:
    try:
        engine = create_single_use_engine(settings, timeout=TIMEOUT_SECONDS)
    except DatabaseUrlError as error:
        yield "database", f"DATABASE_URL {error}"
        return
    readiness = Readiness(engine, revisions=read_revisions())
    checks = asyncio.run(readiness.check())
    reachable = checks["database"] is Check.OK
    yield "database", "" if reachable else readiness.reason
    if reachable:
        yield "migrations", "" if checks["migrations"] is Check.OK else "run `just migrate`"


def _obstacle_to_listening(settings: Settings) -> str:
    try:
        for each in bind(settings.host, settings.port):
            each.close()
    except ConfigurationError as error:
        return str(error)
    return ""
