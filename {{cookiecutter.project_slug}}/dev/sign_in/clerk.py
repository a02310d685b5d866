"""`dev sign-in clerk`: credentials for trying the service without Clerk."""

import time

import click
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import SecretStr

from app.core.settings import load_settings
from app.core.settings.base import SettingsGroup


class SignerSettings(SettingsGroup):
    """The private half of the development key, which the service itself never reads."""

    clerk_development_key: SecretStr | None = None


@click.command()
@click.argument("user_id", default="user_42")
@click.option("--organisation-role", metavar="ROLE", help="Act for an organisation in this role, such as admin.")
def clerk(user_id: str, organisation_role: str | None) -> None:
    """Print the Authorization header of the Clerk user USER_ID, such as user_42; it is good for an hour."""
    settings, secret = load_settings(), SignerSettings().clerk_development_key
    if settings.is_deployed or secret is None:
        raise click.ClickException(
            "only in development, with CLERK_DEVELOPMENT_KEY in .env: any start for development, and `devkit create-env`, adds it where no other setting of Clerk is"
        )
    key = load_pem_private_key(secret.get_secret_value().replace("\\n", "\n").encode(), password=None)
    if not isinstance(key, RSAPrivateKey) or key.public_key() != settings.clerk_public_key:
        raise click.ClickException("CLERK_DEVELOPMENT_KEY is not of CLERK_JWT_KEY: remove .env, and run `just dev`")
    now, parties = int(time.time()), settings.clerk_authorized_parties
    person = f"user_{user_id.removeprefix('user_')}"
    claims: dict[str, object] = {
        "iss": settings.clerk_issuer,
        "sub": person,
        "sid": "sess_development",
        "sts": "active",
    }
    claims |= {"iat": now, "nbf": now, "exp": now + 3600, "v": 2, **({"azp": parties[0]} if parties else {})}
    claims |= {"o": {"id": "org_development", "rol": organisation_role}} if organisation_role else {}
    token = jwt.encode(claims, key, algorithm="RS256", headers={"kid": "development", "cat": "cl_B7d4PD111AAA"})
    click.echo(f"Authorization: Bearer {token}")
