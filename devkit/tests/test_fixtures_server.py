"""The fixtures that start the real server, seen from outside: whole test runs in a process of their own."""

from pathlib import Path

from devkit.tests.processes import eventually, processes_with
from devkit.tests.test_fixtures_postgres import run_tests

SIGN_IN = """
import pytest
@pytest.fixture
def sign_in_settings():
    return {}
"""
WITH_SERVERS = f"""
{SIGN_IN}
import urllib.request

def status(server):
    with urllib.request.urlopen(server.url + "/readyz") as response:
        return response.status

def test_kept_server(live_server):
    assert status(live_server) == 200
    globals()["KEPT"] = live_server

def test_the_same_server(live_server):
    assert live_server is KEPT

def test_server_of_its_own(start_server, fresh_database_url):
    server = start_server(fresh_database_url, LOG_FORMAT="json")
    other = start_server(fresh_database_url)
    assert status(server) == status(other) == 200
    assert server.port != other.port
    assert any('"listening"' in line for line in server.lines())
    assert server.stop() == 0
"""
WITH_A_WRONG_SETTING = f"""
{SIGN_IN}
def test_server(start_server, database_url):
    start_server(database_url, WORKERS="none")
"""
PLUGIN = ("-p", "service_devkit.fixtures.server")


def test_servers_answer_and_none_outlives_the_tests(tmp_path: Path) -> None:
    status, output = run_tests(tmp_path, WITH_SERVERS, *PLUGIN, f"--basetemp={tmp_path / 'inner'}")

    assert status == 0, output
    assert "3 passed" in output
    assert eventually(lambda: processes_with(tmp_path) == [])


def test_server_that_does_not_start_fails_the_test_with_what_it_said(tmp_path: Path) -> None:
    status, output = run_tests(tmp_path, WITH_A_WRONG_SETTING, *PLUGIN)

    assert status == 1
    assert "the server did not start:\n1 setting is wrong:\n  WORKERS: " in output
