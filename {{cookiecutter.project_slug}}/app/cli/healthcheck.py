"""Ask the running server how it is, with the settings of `.env` too."""

import click

from app.core.probe import NotWell, ask
from app.core.settings import load_settings


@click.command()
@click.option("--ready", is_flag=True, help="Ask whether it can do its work, not only whether it is alive.")
def healthcheck(*, ready: bool) -> None:
    """Ask the server that runs on HOST and PORT how it is. Exit status 1 when it is not well. Supervisors: app/core/probe.py costs less."""
    settings = load_settings()
    try:
        click.echo(ask(settings.host, settings.port, ready=ready))
    except NotWell as error:
        raise click.ClickException(str(error)) from None
