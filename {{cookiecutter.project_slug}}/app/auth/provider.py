"""Which provider this service signs people in with."""

from collections.abc import Callable

from fastapi.requests import HTTPConnection
from fastapi.security.base import SecurityBase

# {% if cookiecutter.auth in ("clerk", "telegram+clerk") %}
from app.auth.clerk import SECURITY as CLERK_SECURITY, ClerkAuthenticator
# {% endif %}
# {% if cookiecutter.auth == "jwt" %}
from app.auth.jwt import SECURITY as JWT_SECURITY, JwtAuthenticator
# {% endif %}
# {% if cookiecutter.auth == "none" %}
from app.auth.none import NoAuthenticator
# {% endif %}
from app.auth.principal import Authenticator
# {% if cookiecutter.auth == "telegram+clerk" %}
from app.auth.schemes import BySchemeAuthenticator
# {% endif %}
# {% if cookiecutter.auth in ("telegram", "telegram+clerk") %}
from app.auth.telegram import SECURITY as TELEGRAM_SECURITY, TelegramAuthenticator
# {% endif %}
# {% if cookiecutter.auth != "none" %}
from app.auth.websocket import offered_credentials
# {% endif %}
from app.core.settings import Settings


def build_authenticator(settings: Settings) -> Authenticator:
    """The provider, made once when the service starts."""
    # {% if cookiecutter.auth == "telegram+clerk" %}
    return BySchemeAuthenticator(TelegramAuthenticator(settings), ClerkAuthenticator(settings))
    # {% endif %}
    # {% if cookiecutter.auth == "telegram" %}
    return TelegramAuthenticator(settings)
    # {% endif %}
    # {% if cookiecutter.auth == "clerk" %}
    return ClerkAuthenticator(settings)
    # {% endif %}
    # {% if cookiecutter.auth == "jwt" %}
    return JwtAuthenticator(settings)
    # {% endif %}
    # {% if cookiecutter.auth == "none" %}
    return NoAuthenticator(settings)
    # {% endif %}


# What guarded operations declare in the OpenAPI document: any one of these.
SECURITY: list[SecurityBase] = []
# {% if cookiecutter.auth in ("telegram", "telegram+clerk") %}
SECURITY.append(TELEGRAM_SECURITY)
# {% endif %}
# {% if cookiecutter.auth in ("clerk", "telegram+clerk") %}
SECURITY.append(CLERK_SECURITY)
# {% endif %}
# {% if cookiecutter.auth == "jwt" %}
SECURITY.append(JWT_SECURITY)
# {% endif %}

# Where a connection may have credentials besides its `Authorization` header.
OFFERS: list[Callable[[HTTPConnection], list[str]]] = []
# {% if cookiecutter.auth != "none" %}
OFFERS.append(offered_credentials)
# {% endif %}
