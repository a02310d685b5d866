"""`python -m service_devkit.contract`, as a developer meets it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from service_devkit.contract import __main__ as commands


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A contract that the application does not keep in one place."""
    path = tmp_path / "openapi.yaml"
    path.write_text(
        commands.CONTRACT.read_text(encoding="utf-8").replace("operationId: readyz\n", "operationId: ready\n")
    )
    monkeypatch.setattr(commands, "CONTRACT", path)


@pytest.mark.usefixtures("broken")
def test_verify_fails_on_a_contract_that_the_application_does_not_keep() -> None:
    result = CliRunner().invoke(commands.main, ["verify"])

    assert result.exit_code == 1
    assert "GET /readyz  app/api/health.py:" in result.output
    assert '    operationId: "ready" in the contract, "readyz" in the application' in result.output


@pytest.mark.usefixtures("broken")
def test_report_for_programs_has_every_part_of_a_deviation() -> None:
    result = CliRunner().invoke(commands.main, ["verify", "--format", "json"])

    (deviation,) = json.loads(result.stdout)
    (operation,) = deviation["operations"]
    assert result.exit_code == 1
    assert operation["operation"] == "GET /readyz"
    assert operation["handler"].startswith("app/api/health.py:")
    assert (deviation["where"], deviation["contract"], deviation["application"]) == (["operationId"], "ready", "readyz")
    assert deviation["recommendation"].startswith("change the application to what the contract says")


@pytest.mark.usefixtures("broken")
def test_report_for_a_merge_request_is_a_table() -> None:
    result = CliRunner().invoke(commands.main, ["verify", "--format", "markdown"])

    head, rule, row = result.stdout.splitlines()
    assert (head.count("|"), rule.count("|"), row.count("|")) == (5, 5, 5)
    assert row.startswith("| `GET /readyz` | `app/api/health.py:")
    assert '| operationId: "ready" in the contract, "readyz" in the application | change the application' in row


def test_verify_refuses_a_contract_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "CONTRACT", tmp_path / "openapi.yaml")

    result = CliRunner().invoke(commands.main, ["verify"])

    assert result.exit_code == 1
    assert "openapi.yaml cannot be read" in result.output
