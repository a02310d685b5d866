"""`dev sign-in jwt`: credentials for trying the service without registering."""

from uuid import NAMESPACE_OID, uuid5

import click
from service_devkit.sign_in import require_development

from app.auth.access_tokens import AccessTokens
from app.auth.jwt import AUDIENCE
from app.core.settings import load_settings


@click.command()
@click.argument("name", default="ada@example.com")
def jwt(name: str) -> None:
    """Print the Authorization header of the person called NAME: always the same one for a name, and one without a password."""
    settings = load_settings()
    require_development("ACCESS_TOKEN_KEYS", deployed=settings.is_deployed, known=settings.model_fields_set)
    token = AccessTokens(settings, audience=AUDIENCE).issue(str(uuid5(NAMESPACE_OID, name)))
    click.echo(f"Authorization: Bearer {token}")
