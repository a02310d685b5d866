"""What this service is called: the answers given when it was made."""

NAME = "{{ cookiecutter.project_slug }}"
TITLE = "{{ cookiecutter.__project_name }}"
DESCRIPTION = "{{ cookiecutter.__description }}"
VERSION = "0.1.0"
# Migrations write it into the database, and nobody writes to a database that has another: docs/migrations.md.
DATABASE_OWNER = "{{ cookiecutter.project_slug }} (auth={{ cookiecutter.auth }})"
# {% filter replace("8000", cookiecutter.port) %}
DEFAULT_PORT = 8000
# {% endfilter %}
