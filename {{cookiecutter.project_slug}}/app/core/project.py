"""What this service is called: the answers given when it was made."""

NAME = "{{ cookiecutter.project_slug }}"
TITLE = "{{ cookiecutter.__project_name }}"
DESCRIPTION = "{{ cookiecutter.__description }}"
VERSION = "0.1.0"
# {% filter replace("8000", cookiecutter.port) %}
DEFAULT_PORT = 8000
# {% endfilter %}
