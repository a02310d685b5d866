"""What fuzzing takes for a failure of those checks of schemathesis that follow an object, with a server that answers."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import schemathesis
from devkit.tests.answering import Answering, serving
from schemathesis import Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.generation.meta import CaseMetadata, FuzzingPhaseData, GenerationInfo, PhaseInfo, TestPhase
from schemathesis.specs.openapi.checks import ensure_resource_availability, positive_data_acceptance, use_after_free

from service_devkit.contract import fuzz_failures
from service_devkit.contract.fuzz_failures import Changes
from service_devkit.contract.values import Json

PATHS = {
    "/plans": ["post"],
    "/plans/{plan}": ["get", "put", "patch", "delete"],
    "/plans/{plan}/archive": ["post"],
    "/plans/{plan}/star": ["get", "put", "delete"],
    "/plans/{plan}/notes": ["post"],
    "/plans/{plan}/codes": ["post"],
    "/plans/{plan}/codes/{code}": ["get", "delete"],
}
STATUSES = {
    "POST": 201,
    "POST /plans/3/archive": 204,
    "GET /plans/3": 200,
    "GET /plans/3/star": 200,
    "PUT": 200,
    "PATCH": 200,
}
SHELF = "5e0f7c1a-2b3d-4e4f-8a5b-6c7d8e9f0a1b"
OF_NOTHING = '{"code": "validation_failed"}'
LOST = "ada GET /plans/3/codes/7"


class Plans(Answering):
    """Makes 7 of everything, and has lost each code."""

    def status(self, asked: str, sent: bytes) -> int:  # noqa: ARG002 - the body does not matter
        method = asked.partition(" ")[0]
        missing = 404 if "/codes/7" in asked or "/codes/8" in asked else 204
        return STATUSES.get(asked, STATUSES.get(method, missing))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(Plans) as address:
        yield address


@pytest.fixture(autouse=True)
def _nothing_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz_failures, "changes", Changes())


def _operations(path: str, methods: list[str]) -> Json:
    names = re.findall(r"{(\w+)}", path)
    parameters: Json = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    return {method: {"parameters": parameters, "responses": {"default": {"description": "Any."}}} for method in methods}


SCHEMA = schemathesis.openapi.from_dict(
    {
        "openapi": "3.1.0",
        "info": {"title": "Plans", "version": "1"},
        "paths": {path: _operations(path, methods) for path, methods in PATHS.items()},
    }
)


def _case(step: str) -> Case[Any]:  # its parameter is not public
    """The request of a step such as `ada POST /plans/3/codes`, sent as ada; an id after that is the body's."""
    person, method, path, *body = step.split(" ")
    for template in PATHS:
        pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", template)
        if found := re.fullmatch(pattern, path):
            case: Case[Any] = SCHEMA[template][method].Case(path_parameters=found.groupdict())
            case.body = {"id": body[0]} if body else case.body
            case.media_type = "application/json" if body else None
            case._auth_identity = person  # noqa: SLF001 - as the sign-in of schemathesis sets it
            return case
    raise AssertionError(step)


def _fails(url: str, *steps: str) -> bool:
    """Whether the answer to the last step, which the first led to, is a failure."""
    recorder = ScenarioRecorder(label="test")
    cases = [_case(step) for step in steps]
    for case in cases:
        recorder.record_case(case=case, parent_id=None if case is cases[0] else cases[0].id)
        recorder.record_response(case_id=case.id, response=Response.from_any(case.call(base_url=url)))
    response = recorder.interactions[cases[-1].id].response
    assert response
    try:
        cases[-1].validate_response(response, [ensure_resource_availability, use_after_free], recorder=recorder)
    except FailureGroup:
        return True
    return False


@pytest.mark.parametrize(
    ("between", "fails"),
    [
        ([], True),
        (["ada GET /plans/3"], True),
        (["ada POST /plans/3/notes"], True),
        (["ada POST /plans/3/codes 9"], True),
        (["ada DELETE /plans/3/codes/6"], True),
        (["ada PUT /plans/3/star"], True),
        (["ada PUT /plans/4"], True),
        (["ada PUT /plans/33"], True),
        (["ada PUT /plans/3"], False),
        (["ada PATCH /plans/3"], False),
        (["bob PUT /plans/3"], False),
        (["ada POST /plans/3/archive"], False),
        (["ada DELETE /plans/3"], False),
    ],
)
def test_missing_object_is_a_failure_unless_what_holds_it_was_changed(
    url: str, between: list[str], *, fails: bool
) -> None:
    steps = ["ada POST /plans/3/codes 8", *between, LOST.replace("7", "8")]

    assert _fails(url, *steps) is fails


def test_change_before_an_object_was_made_does_not_explain_that_it_is_missing(url: str) -> None:
    _case("ada PUT /plans/3").call(base_url=url)

    assert _fails(url, "ada POST /plans/3/codes", LOST)


def test_object_that_somebody_else_made_may_be_missing(url: str) -> None:
    assert not _fails(url, "bob POST /plans/3/codes", LOST)


@pytest.mark.parametrize(
    ("path", "reader", "fails"),
    [
        ("/plans/3", "ada", True),
        ("/plans/3", "bob", True),
        ("/plans/3/star", "ada", True),
        ("/plans/3/star", "bob", False),
    ],
)
def test_deleted_object_that_answers_is_a_failure_unless_it_is_each_ones_own(
    url: str, path: str, reader: str, *, fails: bool
) -> None:
    assert _fails(url, "ada POST /plans", f"ada DELETE {path}", f"{reader} GET {path}") is fails


def _rejects(sent: Json, status: int, answered: str) -> bool:
    """Whether an answer to a body that the contract allows is a failure."""
    phase = PhaseInfo(TestPhase.FUZZING, FuzzingPhaseData(None, None, None, None))
    case: Case[Any] = SCHEMA["/plans"]["post"].Case(
        body=sent,
        media_type="application/json",
        _meta=CaseMetadata(GenerationInfo(0, GenerationMode.POSITIVE), {}, phase),
    )
    received = httpx2.Response(status, text=answered, request=httpx2.Request("POST", "http://127.0.0.1/plans"))
    received.elapsed = timedelta()
    response = Response.from_any(received)
    try:
        case.validate_response(response, [positive_data_acceptance])
    except FailureGroup:
        return True
    return False


@pytest.mark.parametrize(
    ("sent", "status", "answered", "fails"),
    [
        ({"shelf_id": SHELF}, 422, OF_NOTHING, False),
        ({"lines": [{"from": SHELF.upper()}]}, 422, OF_NOTHING, False),
        ({"shelf_id": None, "title": "Emma"}, 422, OF_NOTHING, True),
        ({"shelf_id": SHELF}, 422, '{"code": "validation_failed", "errors": [{"pointer": "/title"}]}', True),
        ({"shelf_id": SHELF}, 422, '{"code": "another"}', True),
        ({"shelf_id": SHELF}, 422, "[]", True),
        ({"shelf_id": SHELF}, 422, "not JSON", True),
        ({"shelf_id": SHELF}, 400, OF_NOTHING, True),
        ({"title": "Emma"}, 409, '{"code": "conflict"}', False),
    ],
)
def test_body_that_was_refused_is_a_failure_unless_it_names_what_is_not_there(
    sent: Json, status: int, answered: str, *, fails: bool
) -> None:
    assert _rejects(sent, status, answered) is fails
