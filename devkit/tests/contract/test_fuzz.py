"""`devkit contract fuzz`. That it finds nothing in this service is a gate of its own."""

import importlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from devkit.tests.answering import Answering, serving
from devkit.tests.contract.books import publish
from devkit.tests.processes import SERVICE

from service_devkit.benchmark.operations import Contract
from service_devkit.contract.commands import contract
from service_devkit.contract.document import parse
from service_devkit.contract.fuzz_inputs import has_blanks_around, with_integers
from service_devkit.contract.replay import replay
from service_devkit.contract.seen import Seen
from service_devkit.contract.values import Json
from service_devkit.service import authorizations_of

LIVENESS = """
openapi: 3.1.0
info: {title: Liveness, version: "1"}
paths:
  /healthz:
    get: {responses: {"STATUS": {description: It answers., content: {application/json: {}}}}}
"""


PYPROJECT = """
[tool.devkit]
app = "app.main:create_app"
development-secrets = "dev.environment:development_secrets"
"""


@pytest.mark.parametrize(("status", "exit_status"), [("200", 0), ("204", 1)])
def test_answer_that_the_contract_does_not_have_is_a_finding(service: Path, status: str, exit_status: int) -> None:
    (service / "contracts").unlink()
    publish(service, LIVENESS.replace("STATUS", status))
    shutil.copy(SERVICE / "contracts" / "schemathesis.toml", service / "contracts")
    (service / "pyproject.toml").unlink()
    (service / "pyproject.toml").write_text(PYPROJECT)

    result = CliRunner().invoke(contract, ["fuzz", "--examples", "1", "--seed", "1"])

    assert result.exit_code == exit_status


def test_credential_of_several_words_is_one_header(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.devkit]\nauthorizations = "people:authorizations"\n')
    (project / "people.py").write_text("def authorizations() -> dict[str, str]:\n    return {'ada': 'Bearer a.b.c'}\n")

    assert authorizations_of(project, {**os.environ, "PYTHONPATH": str(project)}) == ["Bearer a.b.c"]


@pytest.mark.parametrize(
    ("body", "expected"), [({"a": [{"b": " x"}]}, True), ("x\u3000", True), ({"a": ["x y", 1, None]}, False)]
)
def test_text_with_blanks_around_is_not_sent(body: Json, *, expected: bool) -> None:
    assert has_blanks_around(body) is expected


def test_whole_number_is_sent_as_json_writes_one() -> None:
    sent = with_integers({"books": 478.0, "price": 1.5, "pages": [2.0, -0.0, "3.0", True, None], "more": {"left": 1e3}})

    assert json.dumps(sent) == (
        '{"books": 478, "price": 1.5, "pages": [2, 0, "3.0", true, null], "more": {"left": 1000}}'
    )


TICKETS = """
openapi: 3.1.0
info: {title: Tickets, version: "1"}
security: [{key: []}]
paths:
  /tickets:
    post: {operationId: open_ticket, responses: {"201": {description: Made., content: {application/json: {}}}, "403": {description: No.}}}
  /tickets/{ticket_id}/close:
    parameters: [{name: ticket_id, in: path, required: true, schema: {type: string}}]
    post: {operationId: close_ticket, responses: {"204": {description: Closed.}, "403": {description: No.}}}
  /reports:
    get: {operationId: read_reports, responses: {"200": {description: All.}, "403": {description: No.}}}
  /lost:
    get: {operationId: find_lost, responses: {"200": {description: There.}, "404": {description: Gone.}}}
  /odd:
    get: {operationId: odd, responses: {"200": {description: Fine.}}}
"""
# What each role may do; one that is not here is refused with 403.
ALLOWED = {
    "member": {"POST /tickets": 201, "GET /odd": 200},
    "staff": {"POST /tickets/7/close": 204, "GET /reports": 200, "GET /odd": 418},
}


class Tickets(Answering):
    """Members open tickets, and only staff closes them."""

    def status(self, asked: str, sent: bytes) -> int:  # noqa: ARG002 - the body does not matter
        return 404 if asked == "GET /lost" else ALLOWED[self.headers["Authorization"]].get(asked, 403)


@pytest.fixture
def tickets() -> Iterator[str]:
    with serving(Tickets) as url:
        yield url


def _tried_as(url: str, *roles: str) -> Seen:
    document = parse(TICKETS, name="test")
    seen = Seen(document)
    replay(Contract(document), url, {role: role for role in roles}, seen)
    return seen


def test_operation_that_only_one_role_may_use_is_reached_on_what_another_made(tickets: str) -> None:
    both, members = _tried_as(tickets, "member", "staff"), _tried_as(tickets, "member")

    assert [line.split(":")[0] for line in both.without_success({})] == ["GET /lost (find_lost)"]
    assert [line.split(":")[0] for line in members.without_success({})] == [
        "POST /tickets/{ticket_id}/close (close_ticket)",
        "GET /reports (read_reports)",
        "GET /lost (find_lost)",
    ]


def test_operation_that_never_succeeded_is_reported_with_what_it_answered(tickets: str) -> None:
    seen = _tried_as(tickets, "member", "staff")

    (finding,) = seen.without_success({})
    assert finding.startswith(
        "GET /lost (find_lost): never successful, so nothing behind it was tried; answered 404 (2 times). Correct "
    )


def test_reason_excuses_an_operation_and_one_without_an_operation_is_a_finding(tickets: str) -> None:
    seen = _tried_as(tickets, "member", "staff")

    assert list(seen.without_success({"find_lost": "nobody loses anything here"})) == []
    assert list(seen.without_success({"find_lost": "as above", "gone": "?"})) == [
        "[tool.devkit.contract.never-successful]: the contract has no operation gone"
    ]


def test_answer_to_one_role_that_the_contract_does_not_have_is_a_finding(tickets: str) -> None:
    assert list(_tried_as(tickets, "member", "staff").violations) == ["GET /odd 418: the contract has only 200"]


def test_answers_that_schemathesis_wrote_down_count(tmp_path: Path) -> None:
    entry = {"request": {"method": "GET", "url": "http://a/lost?x=1"}, "response": {"status": 200}}
    (tmp_path / "requests.har").write_text(json.dumps({"log": {"entries": [entry]}}))
    seen = Seen(parse(TICKETS, name="test"))

    seen.add_file(tmp_path / "requests.har")
    seen.add_file(tmp_path / "nothing.har")

    assert "GET /lost" not in " ".join(seen.without_success({}))


@pytest.mark.usefixtures("service")
def test_service_is_tried_as_every_role_that_it_names() -> None:
    result = CliRunner().invoke(contract, ["fuzz", "--examples", "1", "--seed", "1"])

    (line,) = [line for line in result.output.splitlines() if line.startswith("Signed in as ")]
    assert {part.rpartition(" as ")[2] for part in line.partition(":")[0].split(", ")} == {
        role.value for role in importlib.import_module("app.core.permissions").Role
    }
