"""A service with a contract and migrations, and changes to it."""

from pathlib import Path

from devkit.tests.workflow.conftest import Service

CONTRACT = """openapi: 3.1.0
info: {title: T, version: 1.0.0}
paths:
  /users:
    get: {operationId: list_users, responses: {"200": {description: Users}}}
"""


def operation(name: str) -> str:
    """A read operation in the contract."""
    return f'  /{name}:\n    get: {{operationId: list_{name}, responses: {{"200": {{description: Some}}}}}}\n'


def revision(name: str, parent: str | None) -> str:
    """A migration without a table."""
    return f'"""Add {name}."""\n\nrevision: str = "{name}"\ndown_revision: str | None = {parent!r}\n'


def feature(service: Service, name: str) -> Path:
    """A worktree that adds an operation, a module and a migration."""
    there = service.start(f"feature/{name}", f"Add {name}")
    files = {
        "contracts/openapi.yaml": CONTRACT + operation(name),
        f"{name}.py": "X = 1\n",
        f"alembic/versions/{name}.py": revision(name, "base"),
    }
    service.commit(f"feat: add {name}", files, cwd=there)
    return there


def main_of(service: Service) -> str:
    """The commit of main."""
    return service.git("rev-parse", "main")
