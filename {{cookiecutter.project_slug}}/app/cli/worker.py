"""Run jobs."""

import asyncio
from collections.abc import Collection
from pathlib import Path
from typing import Final

import click

from app.cli.serve import watch_by_polling_where_the_system_cannot
from app.core.log_output import server_output
from app.core.logging import configure_logging, get_logger
from app.core.settings import load_settings
from app.jobs.engine.worker import LAST_SECONDS, run_worker
from app.parts.worker import WORKER_PARTS

CODE: Final = Path(__file__).parents[1]
log = get_logger(__name__)


@click.command()
@click.option("--queue", "queues", multiple=True, help="Run the jobs of this queue only; may be given several times.")
@click.option("--port", type=click.IntRange(1, 65535), help="Answer /healthz and /readyz on this port of HOST.")
@click.option("--reload", is_flag=True, help="Restart when the code changes; for development.")
def worker(queues: tuple[str, ...], port: int | None, *, reload: bool) -> None:
    """Run jobs until SIGTERM or Ctrl-C; those that run then get SHUTDOWN_SECONDS, and go back to the queue after that."""
    if not reload:
        run(queues, port)
        return
    from watchfiles import PythonFilter, run_process  # noqa: PLC0415 - a development dependency

    settings = load_settings()
    configure_logging(level=settings.log_level, log_format=settings.log_format)
    watch_by_polling_where_the_system_cannot([CODE])
    patience = settings.shutdown_seconds + LAST_SECONDS + 1
    run_process(CODE, target=run, args=(queues, port), watch_filter=PythonFilter(), sigint_timeout=patience)


def run(queues: Collection[str], port: int | None) -> None:
    """Run jobs in this process."""
    settings = load_settings()
    configure_logging(level=settings.log_level, log_format=settings.log_format, output=server_output())
    asyncio.run(run_worker(settings, queues=queues, port=port, parts=WORKER_PARTS))
    log.info("stopped")
