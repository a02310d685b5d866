"""Run jobs."""

import asyncio

import click

from app.core.log_output import server_output
from app.core.logging import configure_logging, get_logger
from app.core.settings import load_settings
from app.jobs.engine.worker import run_worker

log = get_logger(__name__)


@click.command()
@click.option("--queue", "queues", multiple=True, help="Run the jobs of this queue only; may be given several times.")
@click.option("--port", type=click.IntRange(1, 65535), help="Answer /healthz and /readyz on this port of HOST.")
def worker(queues: tuple[str, ...], port: int | None) -> None:
    """Run jobs until SIGTERM or Ctrl-C; those that run then get SHUTDOWN_SECONDS, and go back to the queue after that."""
    settings = load_settings()
    configure_logging(level=settings.log_level, log_format=settings.log_format, output=server_output())
    asyncio.run(run_worker(settings, queues=queues, port=port))
    log.info("stopped")
