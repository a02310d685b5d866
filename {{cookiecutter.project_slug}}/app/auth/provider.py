"""Which provider this service signs people in with."""

from fastapi.params import Depends

# {% if cookiecutter.auth in ("clerk", "telegram+clerk") %}
from app.auth import clerk
# {% endif %}
# {% if cookiecutter.auth == "jwt" %}
from app.auth import jwt
# {% endif %}
# {% if cookiecutter.auth == "none" %}
from app.auth import none
# {% endif %}
# {% if cookiecutter.auth in ("telegram", "telegram+clerk") %}
from app.auth import telegram
# {% endif %}
from app.auth.principal import Authenticator
# {% if cookiecutter.auth == "telegram+clerk" %}
from app.auth.schemes import BySchemeAuthenticator
# {% endif %}
from app.core.settings import Settings


def build_authenticator(settings: Settings) -> Authenticator:
    """The provider, made once when the service starts."""
    # {% if cookiecutter.auth == "telegram+clerk" %}
    return BySchemeAuthenticator(telegram.TelegramAuthenticator(settings), clerk.ClerkAuthenticator(settings))
    # {% endif %}
    # {% if cookiecutter.auth == "telegram" %}
    return telegram.TelegramAuthenticator(settings)
    # {% endif %}
    # {% if cookiecutter.auth == "clerk" %}
    return clerk.ClerkAuthenticator(settings)
    # {% endif %}
    # {% if cookiecutter.auth == "jwt" %}
    return jwt.JwtAuthenticator(settings)
    # {% endif %}
    # {% if cookiecutter.auth == "none" %}
    return none.NoAuthenticator(settings)
    # {% endif %}


def security() -> list[Depends]:
    """What guarded operations declare in the OpenAPI document: any one of these."""
    return [
        # {% if cookiecutter.auth in ("telegram", "telegram+clerk") %}
        *telegram.SECURITY,
        # {% endif %}
        # {% if cookiecutter.auth in ("clerk", "telegram+clerk") %}
        *clerk.SECURITY,
        # {% endif %}
        # {% if cookiecutter.auth == "jwt" %}
        *jwt.SECURITY,
        # {% endif %}
        # {% if cookiecutter.auth == "none" %}
        *none.SECURITY,
        # {% endif %}
    ]
