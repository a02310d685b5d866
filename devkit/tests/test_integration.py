"""`devkit integration`. That it finds nothing in the service is seen at each finish of a change."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from devkit.tests.answering import Answering, serving
from devkit.tests.contract.books import publish
from devkit.tests.contract.test_fuzz import LIVENESS, PYPROJECT

from service_devkit.benchmark.operations import Contract
from service_devkit.contract.document import parse
from service_devkit.contract.seen import Seen
from service_devkit.integration import NOBODY, Walk, findings, integration, walk

ROOMS = """
openapi: 3.1.0
info: {title: Rooms, version: "1"}
security: [{key: []}]
paths:
  /rooms:
    post:
      operationId: add_room
      requestBody:
        required: true
        content:
          application/json:
            examples: {small: {value: {seats: 4}}, large: {value: {seats: 400}}}
      responses: {"201": {description: Made., content: {application/json: {}}}, "401": {description: Nobody.}, "422": {description: No.}}
    get:
      operationId: list_rooms
      parameters:
        - {name: floor, in: query, schema: {type: integer, examples: [1, 9]}}
        - {name: kind, in: query, required: true, schema: {type: string, examples: [hall, cellar]}}
      responses: {"200": {description: Some.}, "401": {description: Nobody.}}
  /rooms/{room_id}:
    parameters: [{name: room_id, in: path, required: true, schema: {type: string}}]
    put: {operationId: paint_room, responses: {"204": {description: Done.}, "401": {description: Nobody.}, "403": {description: No.}}}
    get: {operationId: read_room, security: [], responses: {"200": {description: It.}}}
"""


class Rooms(Answering):
    """Members add rooms, and only staff paints them."""

    def status(self, asked: str, sent: bytes) -> int:
        who = self.headers.get("Authorization")
        if asked == "GET /rooms/7":
            return 200
        if asked == "GET /rooms?floor=9&kind=hall":
            return 500
        if asked == "GET /rooms?kind=cellar":
            return 200
        if who is None:
            return 401
        if asked == "PUT /rooms/7":
            return 204 if who == "staff" else 403
        return 200 if asked.startswith("GET") else 201 if json.loads(sent or b"{}") == {"seats": 4} else 422


@pytest.fixture
def rooms() -> Iterator[str]:
    with serving(Rooms) as url:
        yield url


def test_every_example_is_sent_as_each_role_and_as_nobody(rooms: str) -> None:
    document = parse(ROOMS, name="test")
    contract = Contract(document)

    walked = walk(contract, rooms, {"member": "member", "staff": "staff"}, seen := Seen(document))

    assert [(each.operation, each.example, [*each.answers.values()]) for each in walked] == [
        ("add_room", "", ["201", "201", "401"]),
        ("add_room", "body large", ["422", "422", "401"]),
        ("list_rooms", "", ["200", "200", "401"]),
        ("list_rooms", "floor example 1", ["200", "200", "401"]),
        ("list_rooms", "floor example 2", ["500", "500", "500"]),
        ("list_rooms", "kind example 2", ["200", "200", "200"]),
        ("paint_room", "", ["403", "204", "401"]),
        ("read_room", "", ["200", "200", "200"]),
    ]
    assert not seen.violations
    assert findings(contract, walked, set()) == [
        "add_room, body large: 422 member, staff; 401 nobody: it succeeds for nobody",
        "list_rooms, floor example 2: 500 member, staff, nobody: a failure of the service",
        "list_rooms, kind example 2: 200 member, staff, nobody: it is guarded, and answers nobody",
    ]
    assert findings(contract, walked, {"add_room"})[0].startswith("list_rooms, floor")


def test_example_that_cannot_be_sent_is_a_finding(rooms: str) -> None:
    text = ROOMS.replace("schema: {type: string, examples: [hall, cellar]}", "schema: {type: string}")
    contract = Contract(parse(text, name="test"))

    walked = walk(contract, rooms, {"member": "member"}, Seen(parse(text, name="test")))

    assert "the parameter kind has no example" in findings(contract, walked, {"add_room", "paint_room"})[0]


def test_success_is_that_of_anybody() -> None:
    assert Walk("read", "", {"member": "403", "staff": "200", NOBODY: "401"}).succeeded
    assert not Walk("read", "", {"member": "4 parameters have no example", NOBODY: "401"}).succeeded


def test_started_server_is_asked(service: Path) -> None:
    (service / "contracts").unlink()
    publish(service, LIVENESS.replace("STATUS", "204"))
    (service / "pyproject.toml").unlink()
    (service / "pyproject.toml").write_text(PYPROJECT)

    result = CliRunner().invoke(integration, ["--json"])

    assert result.exit_code == 1
    said = json.loads(result.stdout)
    assert said["findings"] == ["GET /healthz 200: the contract has only 204"]
    assert [each["answers"] for each in said["walked"]] == [{NOBODY: "200"}]
