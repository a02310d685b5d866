"""What the service refuses to start with, and what it needs to be imported: nothing."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.plugins.environment import ROOT

pytestmark = pytest.mark.live

GOOD = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "visibly-fake-N7rV1qWcX0bZpK4mHs8tYe3uGd6jLa9f",
    "DATABASE_URL": "postgresql://service:hidden-from-all@127.0.0.1:1/service",
}
WRONG = (
    {
        "SECRET_KEY": "changeme-visible-to-nobody",
        "DEBUG": "true",
        "CORS_ORIGINS": "*",
        "TRUSTED_PROXIES": "0.0.0.0/0",
        "PORT": "70000",
        "RATE_LIMIT": "often",
    },
    {
        "SECRET_KEY": "abababababababababababababababababab",
        "CORS_ORIGINS": "https://*.example.com",
        "TRUSTED_PROXIES": "*",
    },
    {"SECRET_KEY": "visible-to-nobody", "TRUSTED_PROXIES": "10.0.0.5/8"},
)


def run(folder: Path, *arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run Python in an empty folder and an environment that holds nothing else."""
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603 - our own command


@pytest.fixture
def production(sign_in_settings: dict[str, str]) -> dict[str, str]:
    """An environment in which the service would start."""
    return GOOD | {name.upper(): value for name, value in sign_in_settings.items()}


def named(result: subprocess.CompletedProcess[str]) -> list[str]:
    """The variables that a refusal names, one on each line after the first."""
    return [line.split(":")[0].strip() for line in result.stderr.splitlines()[1:]]


def assert_refused(result: subprocess.CompletedProcess[str]) -> None:
    """Exit status 2, something to read, and neither a traceback nor a secret in it."""
    output = result.stdout + result.stderr
    assert result.returncode == 2, output
    assert "Traceback" not in output
    assert "visible-to-nobody" not in output
    assert "hidden-from-all" not in output


def test_production_does_not_start_without_its_secrets_and_names_all_of_them(
    tmp_path: Path, production: dict[str, str]
) -> None:
    result = run(tmp_path, "-m", "app", "serve", environment={"ENVIRONMENT": "production"})

    assert_refused(result)
    assert {"SECRET_KEY", "DATABASE_URL"} <= {*named(result)} <= {*production}


@pytest.mark.parametrize("wrong", WRONG, ids=len)
def test_production_names_every_wrong_setting_at_once(
    tmp_path: Path, production: dict[str, str], wrong: dict[str, str]
) -> None:
    result = run(tmp_path, "-m", "app", "serve", environment=production | wrong)

    assert_refused(result)
    assert sorted(named(result)) == sorted(wrong)
    assert result.stderr.startswith(f"{len(wrong)} settings are wrong:")


def test_production_does_not_start_with_another_kind_of_database(tmp_path: Path, production: dict[str, str]) -> None:
    url = "mysql://service:hidden-from-all@db/service"

    result = run(tmp_path, "-m", "app", "serve", environment=production | {"DATABASE_URL": url})

    assert_refused(result)
    assert result.stderr.startswith("1 setting is wrong:\n  DATABASE_URL: is for mysql; only PostgreSQL works")


def test_service_can_be_imported_in_an_empty_environment(tmp_path: Path) -> None:
    script = "from app.main import app; print(len(app.openapi()['paths']) > 3)"

    result = run(tmp_path, "-c", script, environment={})

    assert (result.returncode, result.stdout, result.stderr) == (0, "True\n", "")
