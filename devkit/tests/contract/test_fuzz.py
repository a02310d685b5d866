"""`devkit contract fuzz`. That it finds nothing in this service is a gate of its own."""

import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from devkit.tests.contract.books import publish
from devkit.tests.processes import SERVICE

from service_devkit.contract.commands import contract
from service_devkit.service import authorizations_of

LIVENESS = """
openapi: 3.1.0
info: {title: Liveness, version: "1"}
paths:
  /healthz:
    get: {responses: {"STATUS": {description: It answers.}}}
"""


@pytest.mark.parametrize(("status", "exit_status"), [("200", 0), ("204", 1)])
def test_answer_that_the_contract_does_not_have_is_a_finding(service: Path, status: str, exit_status: int) -> None:
    (service / "contracts").unlink()
    publish(service, LIVENESS.replace("STATUS", status))
    shutil.copy(SERVICE / "contracts" / "schemathesis.toml", service / "contracts")

    result = CliRunner().invoke(contract, ["fuzz", "--examples", "1", "--seed", "1"])

    assert result.exit_code == exit_status


def test_credential_of_several_words_is_one_header(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.devkit]\nauthorizations = "people:authorizations"\n')
    (project / "people.py").write_text("def authorizations() -> dict[str, str]:\n    return {'ada': 'Bearer a.b.c'}\n")

    assert authorizations_of(project, {**os.environ, "PYTHONPATH": str(project)}) == ["Bearer a.b.c"]
