"""Say what is missing, and how to fix it."""

import asyncio
import errno
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import click

from app.core.database_url import DatabaseUrlError
from app.core.settings import ConfigurationError, Settings, load_settings
from app.db.engine import create_single_use_engine
from app.db.revisions import read_revisions
from app.services.readiness import TIMEOUT_SECONDS, Check, Readiness


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `remedy` says what to do about it where it is not well."""

    subject: str
    well: bool
    remedy: str = ""


@click.command()
def doctor() -> None:
    """Look at settings, database, migrations and port. Exit status 1 when something needs fixing."""
    findings = list(run_checks())
    for finding in findings:
        mark = "ok  " if finding.well else "BAD "
        click.echo(f"{mark} {finding.subject}" + (f"\n     {finding.remedy}" if finding.remedy else ""))
    sys.exit(0 if all(finding.well for finding in findings) else 1)


def run_checks() -> Iterator[Finding]:
    """Look at everything; later findings need the settings, so wrong settings end it."""
    try:
        settings = load_settings()
    except ConfigurationError as error:
        yield Finding("settings", well=False, remedy=str(error))
        return
    yield Finding(f"settings ({settings.environment})", well=True)
    yield from _database(settings)
    yield _port(settings)


def _database(settings: Settings) -> Iterator[Finding]:
    try:
        engine = create_single_use_engine(settings, timeout=TIMEOUT_SECONDS)
    except DatabaseUrlError as error:
        yield Finding("database", well=False, remedy=f"DATABASE_URL {error}")
        return
    readiness = Readiness(engine, revisions=read_revisions())
    checks = asyncio.run(readiness.check())
    reachable = checks["database"] is Check.OK
    yield Finding("database", reachable, "" if reachable else readiness.reason)
    if reachable:
        at_head = checks["migrations"] is Check.OK
        yield Finding("migrations", at_head, "" if at_head else "run `just migrate`")


def _port(settings: Settings) -> Finding:
    subject = f"port {settings.port}"
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.create_server((settings.host, settings.port), family=family).close()
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        remedy = (
            "something listens there: stop it, or set PORT" if taken else f"{settings.host}: {error.strerror}; set HOST"
        )
        return Finding(subject, well=False, remedy=remedy)
    return Finding(subject, well=True)
