"""Which provider this service signs people in with."""

from fastapi.params import Depends

# {% if cookiecutter.auth == "none" %}
from app.auth import none
# {% endif %}
# {% if cookiecutter.auth == "telegram" %}
from app.auth import telegram
# {% endif %}
from app.auth.principal import Authenticator
from app.core.settings import Settings


def build_authenticator(settings: Settings) -> Authenticator:
    """The provider, made once when the service starts."""
    # {% if cookiecutter.auth == "telegram" %}
    return telegram.TelegramAuthenticator(settings)
    # {% endif %}
    # {% if cookiecutter.auth == "none" %}
    return none.NoAuthenticator(settings)
    # {% endif %}


def security() -> list[Depends]:
    """What guarded operations declare in the OpenAPI document."""
    # {% if cookiecutter.auth == "telegram" %}
    return telegram.SECURITY
    # {% endif %}
    # {% if cookiecutter.auth == "none" %}
    return none.SECURITY
    # {% endif %}
