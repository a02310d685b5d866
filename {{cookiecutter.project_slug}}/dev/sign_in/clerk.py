"""`dev sign-in clerk`: credentials for trying the service without Clerk."""

import time

import click
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import SecretStr

from app.core.settings import Settings, load_settings
from app.core.settings.base import SettingsGroup

LIFETIME_SECONDS = 3600


class SignerSettings(SettingsGroup):
    """The private half of the development key, which the service itself never reads."""

    clerk_development_key: SecretStr | None = None


def nth(number: int) -> str:
    """A USER_ID of its own for each number."""
    return f"user_{number}"


@click.command()
@click.argument("user_id", default="user_42")
@click.option("--organisation-role", metavar="ROLE", help="Act for an organisation in this role, such as admin.")
def clerk(user_id: str, organisation_role: str | None) -> None:
    """Print the Authorization header of the Clerk user USER_ID, such as user_42; it is good for an hour.

    Signed with CLERK_DEVELOPMENT_KEY of .env. For example: curl -H "$(python -m dev sign-in clerk user_42)" URL
    """
    settings = load_settings()
    key = _development_key(settings)
    claims = _claims(settings, user_id) | _organisation(organisation_role)
    token = jwt.encode(claims, key, algorithm="RS256", headers={"kid": "development", "cat": "cl_B7d4PD111AAA"})
    click.echo(f"Authorization: Bearer {token}")


def _development_key(settings: Settings) -> RSAPrivateKey:
    secret = SignerSettings().clerk_development_key
    if settings.is_deployed or secret is None:
        raise click.ClickException("only in development, with CLERK_DEVELOPMENT_KEY in .env: `just dev` writes it")
    key = load_pem_private_key(secret.get_secret_value().replace("\\n", "\n").encode(), password=None)
    if not isinstance(key, RSAPrivateKey) or key.public_key() != settings.clerk_public_key:
        raise click.ClickException(
            "CLERK_DEVELOPMENT_KEY does not belong to CLERK_JWT_KEY: remove .env, and run `just dev`"
        )
    return key


def _claims(settings: Settings, user_id: str) -> dict[str, object]:
    now = int(time.time())
    parties = settings.clerk_authorized_parties
    return {
        "iss": settings.clerk_issuer,
        "sub": user_id,
        "sid": "sess_development",
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME_SECONDS,
        "sts": "active",
        "v": 2,
        **({"azp": parties[0]} if parties else {}),
    }


def _organisation(role: str | None) -> dict[str, object]:
    return {"o": {"id": "org_development", "rol": role}} if role else {}
