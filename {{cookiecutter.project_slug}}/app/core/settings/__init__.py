"""The settings of the service: one class made of one group per subject, read from the environment and from `.env`."""

from functools import lru_cache

from pydantic import ValidationError

# {% if cookiecutter.auth in ("telegram", "jwt", "telegram+clerk") %}
from app.core.settings.access_tokens import AccessTokenSettings
# {% endif %}
# {% if cookiecutter.auth == "jwt" %}
from app.core.settings.accounts import AccountSettings
# {% endif %}
from app.core.settings.base import Environment, ServiceSettings
# {% if cookiecutter.auth in ("clerk", "telegram+clerk") %}
from app.core.settings.clerk import ClerkSettings
# {% endif %}
# {% if cookiecutter.example and cookiecutter.llm %}
from app.core.settings.code_proposals import CodeProposalSettings
# {% endif %}
from app.core.settings.database import DatabaseSettings
from app.core.settings.env_file import EnvFileError
# {% if cookiecutter.example %}
from app.core.settings.extraction import ExtractionSettings
# {% endif %}
from app.core.settings.http import HttpSettings
# {% if cookiecutter.jobs %}
from app.core.settings.jobs import JobSettings
# {% endif %}
# {% if cookiecutter.auth != "none" %}
from app.core.settings.live import LiveSettings
# {% endif %}
# {% if cookiecutter.llm %}
from app.core.settings.llm import LlmSettings
# {% endif %}
# {% if cookiecutter.mail %}
from app.core.settings.mail import MailSettings
# {% endif %}
# {% if cookiecutter.redis %}
from app.core.settings.redis import RedisSettings
# {% endif %}
# {% if cookiecutter.auth in ("telegram", "telegram+clerk") %}
from app.core.settings.telegram import TelegramSettings
# {% endif %}
# {% if cookiecutter.telemetry %}
from app.core.settings.telemetry import TelemetrySettings
# {% endif %}

__all__ = ["ConfigurationError", "Environment", "Settings", "get_settings", "load_settings"]


class Settings(
    # {% if cookiecutter.telemetry %}
    TelemetrySettings,  # first, since the fields of the first are validated last: it looks at others
    # {% endif %}
    ServiceSettings,
    DatabaseSettings,
    HttpSettings,
    # {% if cookiecutter.example %}
    ExtractionSettings,
    # {% endif %}
    # {% if cookiecutter.example and cookiecutter.llm %}
    CodeProposalSettings,
    # {% endif %}
    # {% if cookiecutter.jobs %}
    JobSettings,
    # {% endif %}
    # {% if cookiecutter.auth != "none" %}
    LiveSettings,
    # {% endif %}
    # {% if cookiecutter.llm %}
    LlmSettings,
    # {% endif %}
    # {% if cookiecutter.mail %}
    MailSettings,
    # {% endif %}
    # {% if cookiecutter.redis %}
    RedisSettings,
    # {% endif %}
    # {% if cookiecutter.auth in ("telegram", "telegram+clerk") %}
    TelegramSettings,
    # {% endif %}
    # {% if cookiecutter.auth in ("clerk", "telegram+clerk") %}
    ClerkSettings,
    # {% endif %}
    # {% if cookiecutter.auth in ("telegram", "jwt", "telegram+clerk") %}
    AccessTokenSettings,
    # {% endif %}
    # {% if cookiecutter.auth == "jwt" %}
    AccountSettings,
    # {% endif %}
):
    """Every setting, validated together so that all mistakes are reported at once."""


class ConfigurationError(Exception):
    """Settings are wrong; the message has a line for each wrong variable and never repeats a secret."""


def load_settings() -> Settings:
    """Read the settings from the environment and from `.env`, or raise `ConfigurationError`."""
    try:
        return Settings()
    except ValidationError as error:
        raise ConfigurationError(_report(error)) from None
    except EnvFileError as error:
        raise ConfigurationError(str(error)) from None


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read on first use so that importing the service needs none."""
    return load_settings()


def _report(error: ValidationError) -> str:
    problems = [(str(part["loc"][0]).upper(), part["msg"].removeprefix("Value error, ")) for part in error.errors()]
    lines = [f"  {name}: {problem}" for name, problem in problems]
    noun = "setting is" if len(lines) == 1 else "settings are"
    return "\n".join([f"{len(lines)} {noun} wrong:", *lines])
