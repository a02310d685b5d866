"""The fixtures of all tests, listed; one module per subject."""

pytest_plugins = [
    # {% if cookiecutter.telemetry %}
    "tests.plugins.collector",
    # {% endif %}
    # {% if cookiecutter.redis %}
    "tests.plugins.redis",
    # {% endif %}
    "tests.plugins.environment",
    "service_devkit.fixtures.fake_service",
    "service_devkit.fixtures.garbage",
    "service_devkit.fixtures.migrations",
    "service_devkit.fixtures.postgres",
    "tests.plugins.database",
    "tests.plugins.client",
    # {% if cookiecutter.jobs %}
    "tests.plugins.jobs",
    # {% endif %}
    "service_devkit.fixtures.queries",
    "service_devkit.fixtures.server",
    # {% if cookiecutter.auth != "none" %}
    "tests.plugins.events",
    # {% endif %}
    # {% if cookiecutter.auth == "none" %}
    "tests.plugins.sign_in_none",
    # {% endif %}
    # {% if cookiecutter.auth == "jwt" %}
    "tests.plugins.sign_in_jwt",
    # {% endif %}
    # {% if cookiecutter.llm %}
    "tests.plugins.fake_model",
    # {% endif %}
    # {% if cookiecutter.mail %}
    "tests.plugins.mail",
    # {% endif %}
    # {% if cookiecutter.auth in ("clerk", "telegram+clerk") %}
    "tests.plugins.sign_in_clerk",
    # {% endif %}
    # {% if cookiecutter.auth in ("telegram", "telegram+clerk") %}
    "tests.plugins.sign_in_telegram",
    # {% endif %}
]
