"""Several workers: a start that fails ends with one error, and no worker ends in silence."""

import asyncio
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest
from service_devkit.fixtures.server import LiveServer, StartServer
from service_devkit.postgres.server import free_port

from tests.live.support import HEALTH, client_of, eventually, get, log_lines, run_command
from tests.plugins.environment import ROOT

pytestmark = pytest.mark.live

# What stands at the end of app/main.py, and the error that it leads to.
BROKEN = {
    "import": ("\nraise RuntimeError('visibly broken')\n", "RuntimeError: visibly broken"),
    "exit": ("\nsys = __import__('sys')\nsys.exit('visibly broken')\n", "visibly broken"),
    "lifespan": (
        "\n@asynccontextmanager\nasync def _lifespan(app):\n    raise RuntimeError('visibly broken')\n    yield\n",
        "RuntimeError: visibly broken",
    ),
    "undecided_route": (
        "\ndef include_routers(app):\n    app.add_api_route('/undecided', lambda: None)\n",
        "/undecided",
    ),
}


@pytest.mark.parametrize("workers", ["1", "3"])
@pytest.mark.parametrize("kind", BROKEN)
def test_failed_start_ends_with_one_error(
    tmp_path: Path, live_database_url: str, sign_in_settings: Mapping[str, str], kind: str, workers: str
) -> None:
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    end_of_main, error = BROKEN[kind]
    with (tmp_path / "app" / "main.py").open("a", encoding="utf-8") as main:
        main.write(end_of_main)
    environment = {name.upper(): value for name, value in sign_in_settings.items()}
    environment |= {"ENVIRONMENT": "test", "DATABASE_URL": live_database_url, "WORKERS": workers}

    result = run_command(tmp_path, environment, "serve", "--port", str(free_port()))

    text = result.stdout + result.stderr
    assert result.returncode != 0, text
    lines_of_error = [line for line in text.replace("\\n", "\n").splitlines() if error in line and "raise" not in line]
    assert len(lines_of_error) == 1, text
    assert text.count("worker ended") == (workers != "1"), text


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (signal.SIGKILL, "SIGKILL, perhaps because memory ran out"),
        (signal.SIGTERM, "SIGTERM"),
        (signal.SIGSEGV, "SIGSEGV"),
        (signal.SIGSTOP, "no sign of life for 5 seconds: killed"),
    ],
)
async def test_death_of_a_worker_is_a_warning_with_its_cause(
    live_database_url: str, start_server: StartServer, number: signal.Signals, cause: str
) -> None:
    server = start_server(live_database_url, WORKERS="2")
    await eventually(lambda: len(workers_of(server)) == 2, within=20)
    victim = workers_of(server)[0]

    victim.send_signal(number)
    await eventually(lambda: bool(endings(server)), within=30)
    await eventually(lambda: len(workers_of(server)) == 2, within=20)
    async with client_of(server) as client:
        answer = (await get(client, HEALTH)).answer
    status = await asyncio.to_thread(server.stop)

    assert [(line["level"], line["worker"], line["cause"]) for line in endings(server)] == [
        ("warning", victim.pid, cause)
    ]
    assert answer.status_code == 200
    assert status == 0


def workers_of(server: LiveServer) -> list[psutil.Process]:
    """The processes that serve, by their start."""
    children = psutil.Process(server.process.pid).children()
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def endings(server: LiveServer) -> list[dict[str, object]]:
    """What the log says about workers that have ended."""
    return [line for line in log_lines(server) if line["event"] == "worker ended"]
