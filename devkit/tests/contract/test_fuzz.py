"""`python -m service_devkit.contract fuzz`. That it finds nothing in this service is a gate of its own."""

from pathlib import Path

import pytest
from service_devkit.contract.__main__ import CONTRACT

from service_devkit.contract.fuzz import fuzz

LIVENESS = """
openapi: 3.1.0
info: {title: Liveness, version: "1"}
paths:
  /healthz:
    get: {responses: {"STATUS": {description: It answers.}}}
"""


@pytest.mark.parametrize(("status", "exit_status"), [("200", 0), ("204", 1)])
def test_answer_that_the_contract_does_not_have_is_a_finding(tmp_path: Path, status: str, exit_status: int) -> None:
    contract = tmp_path / "openapi.yaml"
    contract.write_text(LIVENESS.replace("STATUS", status), encoding="utf-8")
    (tmp_path / "schemathesis.toml").write_bytes(CONTRACT.with_name("schemathesis.toml").read_bytes())

    assert fuzz(contract, examples=1, seed=1) == exit_status
