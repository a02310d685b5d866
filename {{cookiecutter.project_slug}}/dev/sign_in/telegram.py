"""`dev sign-in telegram`: credentials for trying the service without Telegram."""

import json
import time
from urllib.parse import urlencode

import click
from service_devkit.sign_in import require_development

from app.auth.telegram_init_data import secret_key, sign
from app.core.settings import load_settings


@click.command()
@click.argument("user_id", type=click.IntRange(1, 2**52 - 1), default=42)
@click.argument("name", default="Developer")
@click.option("--language", default="en", show_default=True, help="Language of the Telegram client.")
def telegram(user_id: int, name: str, language: str) -> None:
    """Print the Authorization header of the Telegram user USER_ID, called NAME."""
    settings = load_settings()
    if settings.telegram_verify == "signature":
        raise click.ClickException("only Telegram can make a signature; set TELEGRAM_VERIFY=hash to sign with a token")
    require_development("TELEGRAM_BOT_TOKENS", deployed=settings.is_deployed, known=settings.model_fields_set)
    user = {"id": user_id, "first_name": name, "language_code": language}
    fields = {"auth_date": str(int(time.time())), "user": json.dumps(user)}
    digest = sign(fields, secret_key(settings.telegram_bot_tokens[0].get_secret_value()))
    click.echo(f"Authorization: tma {urlencode({**fields, 'hash': digest})}")
