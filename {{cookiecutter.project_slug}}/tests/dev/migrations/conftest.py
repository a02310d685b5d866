"""Projects and databases in which migrations may go wrong."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from service_devkit.fixtures.postgres import Template, execute

from tests.dev.migrations.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
async def url(postgres_template: Template) -> AsyncIterator[str]:
    """Address of an empty database."""
    name = f"scratch_{secrets.token_hex(4)}_test"
    await execute(postgres_template.server_url, f"CREATE DATABASE {name}", strategy="file_copy")
    yield postgres_template.url(name)
    await execute(postgres_template.server_url, f"DROP DATABASE {name} WITH (FORCE)")
