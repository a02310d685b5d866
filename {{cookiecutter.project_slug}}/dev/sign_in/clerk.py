"""`dev sign-in clerk`: credentials for trying the service without Clerk."""

import time

import click
import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import SecretStr
from service_devkit.sign_in import require_development

from app.core.settings import load_settings
from app.core.settings.base import SettingsGroup


class SignerSettings(SettingsGroup):
    """The private half of the development key, which the service itself never reads."""

    clerk_development_key: SecretStr = SecretStr("")


@click.command()
@click.argument("user_id", default="user_42")
@click.option("--organisation-role", metavar="ROLE", help="Act for an organisation in this role, such as admin.")
def clerk(user_id: str, organisation_role: str | None) -> None:
    """Print the Authorization header of the Clerk user USER_ID, such as user_42; it is good for an hour."""
    settings, signer = load_settings(), SignerSettings()
    require_development("CLERK_DEVELOPMENT_KEY", deployed=settings.is_deployed, known=signer.model_fields_set)
    pem = signer.clerk_development_key.get_secret_value().replace("\\n", "\n")
    if load_pem_private_key(pem.encode(), password=None).public_key() != settings.clerk_public_key:
        raise click.ClickException("CLERK_DEVELOPMENT_KEY is not of CLERK_JWT_KEY: remove .env, and run `just dev`")
    now = int(time.time())
    claims: dict[str, object] = {"iss": settings.clerk_issuer, "sub": f"user_{user_id.removeprefix('user_')}", "v": 2}
    claims |= {"sid": "sess_development", "sts": "active", "iat": now, "nbf": now, "exp": now + 3600}
    if settings.clerk_authorized_parties:
        claims["azp"] = settings.clerk_authorized_parties[0]
    if organisation_role:
        claims["o"] = {"id": "org_development", "rol": organisation_role}
    token = jwt.encode(claims, pem, algorithm="RS256", headers={"kid": "development", "cat": "cl_B7d4PD111AAA"})
    click.echo(f"Authorization: Bearer {token}")
