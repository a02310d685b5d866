"""`python -m dev.contract`, as a developer meets it."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from dev.contract import __main__ as commands


def test_verify_fails_on_a_contract_that_the_application_does_not_keep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "openapi.yaml"
    path.write_text(
        commands.CONTRACT.read_text(encoding="utf-8").replace("operationId: readyz\n", "operationId: ready\n")
    )
    monkeypatch.setattr(commands, "CONTRACT", path)

    result = CliRunner().invoke(commands.main, ["verify"])

    assert result.exit_code == 1
    assert "GET /readyz  app/api/health.py:" in result.output
    assert '    operationId: "ready" in the contract, "readyz" in the application' in result.output


def test_verify_refuses_a_contract_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "CONTRACT", tmp_path / "openapi.yaml")

    result = CliRunner().invoke(commands.main, ["verify"])

    assert result.exit_code == 1
    assert "openapi.yaml cannot be read" in result.output
