"""What the machine says does not reach the tests, and what an unexpected error says does."""

import subprocess
import sys

import pytest

from tests.plugins.environment import ROOT

PROBE = """
import httpx2, pytest, os
from fastapi import FastAPI
from app.core.settings import load_settings
from app.core.settings.http import HttpSettings

PORT = HttpSettings.model_fields["port"].default

def test_settings() -> None:
    settings = load_settings()
    assert (settings.environment, settings.port, settings.log_level) == ("test", PORT, "INFO")
    assert HttpSettings().port == PORT
    assert "PGHOST" not in os.environ

async def test_error(app: FastAPI, anonymous: httpx2.AsyncClient) -> None:
    async def fail() -> None:
        raise RuntimeError("the reason of the error")
    app.add_api_route("/fail", fail)
    assert (await anonymous.get("/fail")).status_code == 200
"""


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a run of two tests prints on a machine that is full of settings."""
    folder = tmp_path_factory.mktemp("machine")
    (folder / ".env").write_text("PORT=9999\nENVIRONMENT=production\nLOG_LEVEL=ERROR\n", encoding="utf-8")
    (folder / "test_probe.py").write_text(PROBE, encoding="utf-8")
    arguments = [
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        "--rootdir",
        str(folder),
        "-c",
        str(ROOT / "pyproject.toml"),
    ]
    plugins = ["-p", "tests.conftest", str(folder)]
    run = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "pytest", *arguments, *plugins],
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "PORT": "9998",
            "LOG_LEVEL": "DEBUG",
            "PGHOST": "192.0.2.1",
            "WEB_CONCURRENCY": "3",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout + run.stderr


def test_setting_of_the_machine_reaches_no_test(output: str) -> None:
    assert "1 failed, 1 passed" in output, output


def test_traceback_of_an_unexpected_error_is_printed(output: str) -> None:
    assert 'raise RuntimeError("the reason of the error")' in output
    assert "RuntimeError: the reason of the error" in output.rpartition("Captured stderr")[2]
