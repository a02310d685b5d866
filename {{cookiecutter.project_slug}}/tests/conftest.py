"""The fixtures of all tests, listed; one module per subject."""

pytest_plugins = [
    "tests.plugins.environment",
    "tests.plugins.postgres",
    "tests.plugins.database",
    "tests.plugins.client",
    "tests.plugins.queries",
    "tests.plugins.server",
    # {% if cookiecutter.auth == "none" %}
    "tests.plugins.sign_in_none",
    # {% endif %}
    # {% if cookiecutter.auth == "jwt" %}
    "tests.plugins.sign_in_jwt",
    # {% endif %}
    # {% if cookiecutter.auth in ("clerk", "telegram+clerk") %}
    "tests.plugins.sign_in_clerk",
    # {% endif %}
    # {% if cookiecutter.auth in ("telegram", "telegram+clerk") %}
    "tests.plugins.sign_in_telegram",
    # {% endif %}
]
