"""Run the server."""

import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType

import click
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import ChangeReload

from app.core.http_protocol import LimitedHttpProtocol
from app.core.listening import bind
from app.core.log_output import server_output
from app.core.logging import configure_logging, get_logger
from app.core.settings import load_settings
# {% if cookiecutter.auth != "none" %}
from app.core.websocket_protocol import serve_websockets
# {% endif %}
from app.core.workers import AnnouncedServer, ServerConfig, Workers
from app.db.engine import address_of

log = get_logger(__name__)


@click.command()
@click.option("--host", help="Address to listen on; HOST when absent.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on; PORT when absent.")
@click.option("--reload", is_flag=True, help="Restart when the code changes; for development.")
def serve(host: str | None, port: int | None, *, reload: bool) -> None:
    """Serve requests until SIGTERM or Ctrl-C. Exit status 3 when the start fails."""
    settings = load_settings()
    address_of(settings)  # what cannot be used is better said here than by a worker
    configure_logging(level=settings.log_level, log_format=settings.log_format, output=server_output())
    sockets = bind(host or settings.host, port or settings.port)
    signal.signal(signal.SIGTERM, _exit_cleanly)
    config = ServerConfig(
        "app.main:app",
        workers=1 if reload else settings.workers,
        reload=reload,
        reload_dirs=["app"] if reload else None,
        log_config=None,  # with uvicorn's own, some lines would not be ours
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        root_path=settings.root_path,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        http=LimitedHttpProtocol,
        ws="none",
    )
    # {% if cookiecutter.auth != "none" %}
    serve_websockets(config)
    # {% endif %}
    try:
        with suppress(KeyboardInterrupt):
            _run(config, sockets)
    finally:  # SIGTERM leaves through `_exit_cleanly`
        log.info("stopped")


def _run(config: ServerConfig, sockets: list[socket.socket]) -> None:
    server = AnnouncedServer(config)
    if config.should_reload:
        watch_by_polling_where_the_system_cannot(config.reload_dirs)
        ChangeReload(config, target=server.run, sockets=sockets).run()
    elif config.workers == 1:
        server.run(sockets)
    else:
        workers = Workers(config, sockets)
        workers.run()
        if workers.failed:
            sys.exit(STARTUP_FAILURE)


def watch_by_polling_where_the_system_cannot(folders: list[Path]) -> None:
    """A system whose watches are used up (inotify) refuses; the server would run on without reloading."""
    from watchfiles import watch  # noqa: PLC0415 - a development dependency, which production starts without

    try:
        next(watch(*folders, rust_timeout=1, yield_on_timeout=True))
    except (OSError, RuntimeError) as error:  # the second is what watchfiles makes of the rest
        os.environ["WATCHFILES_FORCE_POLLING"] = "true"
        remedy = "close other watchers, or raise fs.inotify.max_user_watches and max_user_instances"
        log.warning("changes are looked for by polling", cause=str(error), remedy=remedy)


def _exit_cleanly(_number: int, _frame: FrameType | None) -> None:
    """Uvicorn raises the signal again when it is done; stopping on request is no failure."""
    sys.exit(0)
