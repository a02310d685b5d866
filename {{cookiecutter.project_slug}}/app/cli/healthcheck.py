"""Ask the running server how it is."""

from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Final

import click

from app.core.settings import load_settings

# More than the 1.5 seconds that readiness gives the database.
TIMEOUT_SECONDS: Final = 3
# Where a server that listens on every address is reached from its own machine.
_REACHED_AT: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not listened on


@click.command()
@click.option("--ready", is_flag=True, help="Ask whether it can do its work, not only whether it is alive.")
def healthcheck(*, ready: bool) -> None:
    """Ask the server that runs on HOST and PORT how it is, for supervisors. Exit status 1 when it is not well."""
    settings = load_settings()
    host = _REACHED_AT.get(settings.host, settings.host)
    path = "/readyz" if ready else "/healthz"
    try:
        with closing(HTTPConnection(host, settings.port, timeout=TIMEOUT_SECONDS)) as connection:
            connection.request("GET", path)
            status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        reason = str(error).strip() or type(error).__name__
        raise click.ClickException(f"{host}:{settings.port} does not answer: {reason}") from None
    if status != HTTPStatus.OK:
        raise click.ClickException(f"{path} answers {status}")
    click.echo(f"{path} answers {status}")
