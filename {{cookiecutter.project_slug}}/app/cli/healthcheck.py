"""Ask the running server how it is, with the settings of `.env` too. For supervisors app/core/probe.py costs less."""

import click

from app.core.probe import ask
from app.core.settings import load_settings


@click.command()
@click.option("--ready", is_flag=True, help="Ask whether it can do its work, not only whether it is alive.")
def healthcheck(*, ready: bool) -> None:
    """Ask the server that runs on HOST and PORT how it is, for supervisors. Exit status 1 when it is not well."""
    settings = load_settings()
    is_well, answer = ask(settings.host, settings.port, ready=ready)
    if not is_well:
        raise click.ClickException(answer)
    click.echo(answer)
