"""`devkit benchmark`, on the started service."""

import json
from contextlib import ExitStack, nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner
from devkit.tests.processes import SERVICE

from service_devkit.benchmark.calls import Answered, Caller, CallError
from service_devkit.benchmark.command import benchmark, outcome_of
from service_devkit.benchmark.figures import Figures, figures
from service_devkit.benchmark.operations import PLAIN, Contract, Example, Known, Operation
from service_devkit.contract.document import read
from service_devkit.contract.layout import contract_of
from service_devkit.contract.values import Node


@pytest.fixture
def budgeted(service: Path) -> Path:
    """The service, with budgets that a test may append to."""
    text = (service / "pyproject.toml").read_text(encoding="utf-8")
    (service / "pyproject.toml").unlink()
    (service / "pyproject.toml").write_text(text, encoding="utf-8")
    return service


@pytest.mark.usefixtures("service")
def test_every_operation_of_the_contract_is_measured_or_has_its_reason() -> None:
    result = CliRunner().invoke(benchmark, ["--requests", "1", "--json"])

    assert result.exit_code == 0, result.output
    operations = json.loads(result.stdout)["operations"]
    paths = read(contract_of(SERVICE))["paths"]
    assert isinstance(paths, dict)
    promised = [
        method["operationId"]
        for item in paths.values()
        if isinstance(item, dict)
        for method in item.values()
        if isinstance(method, dict)
    ]
    assert list(operations) == promised
    assert operations["healthz"]["statements"] == []
    assert len(operations["create_study_plan"]["statements"]) == 1
    assert all(each.get("not_measured") or each["mean_ms"] > 0 for each in operations.values())
    for name in ("read_study_plan", "delete_study_plan", "add_code", "remove_code"):
        assert operations[name]["requests"] == 1


def test_operation_over_its_budget_fails_with_its_statements(budgeted: Path) -> None:
    with (budgeted / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("\n[tool.devkit.benchmark.operations]\nread_me = { statements = 0 }\n")

    result = CliRunner().invoke(benchmark, ["--requests", "1", "healthz", "read_me", "change_password"])

    assert result.exit_code == 1
    assert "FAILED  read_me: 1 statements, at most 0\n          SELECT" in result.output
    assert "change_password  not measured: " in result.output
    assert "2 of 3 operations measured" in result.output


@pytest.mark.usefixtures("service")
def test_run_that_measures_nothing_fails() -> None:
    result = CliRunner().invoke(benchmark, ["--requests", "1", "change_password"])

    assert result.exit_code == 1
    assert "FAILED  not one operation could be measured" in result.output


@pytest.mark.usefixtures("service")
def test_unknown_operation_is_refused() -> None:
    result = CliRunner().invoke(benchmark, ["read_you"])

    assert result.exit_code == 1
    assert "the contract has no operation read_you; it has healthz, " in result.output


class _Person(Caller):
    """Somebody who is refused for a reason, or is not."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def measure(self, operation: Operation, *, requests: int, log: Path) -> Figures:
        if self.reason:
            raise CallError(f"{operation.name} as {log}, {requests} times: {self.reason}")
        return figures([1.0], [])


@pytest.mark.parametrize(
    ("reasons", "measured"),
    [(["403 member", "", "403 viewer"], "None"), (["403 member", "403 staff"], "read as log, 3 times: 403 member")],
)
def test_operation_is_measured_as_the_first_role_that_may(reasons: list[str], measured: str) -> None:
    operation = Operation("read", "GET", "/books", {}, (), is_open=False)

    outcome = outcome_of([_Person(each) for each in reasons], operation, requests=3, log=Path("log"))

    assert (str(outcome) if isinstance(outcome, CallError) else "None") == measured


class _Answering(Caller):
    """Somebody who is answered a status, and remembers what was asked."""

    def __init__(self, contract: Contract, status: int) -> None:
        self._contract, self.status, self.sent = contract, status, list[str]()

    def _call(self, operation: Operation, known: Known, example: Example = PLAIN) -> Answered:
        self.sent.append(f"{operation.name} {dict(known.values)}")
        if self.status != 201:
            raise CallError("no", status=self.status)
        return Answered(operation.request(self._contract.schemas, known, example), 201, {"id": "7"}, 0.1)


BOOKS: Node = {"paths": {"/books": {"post": {"operationId": "add"}}, "/books/{id}": {"get": {"operationId": "read"}}}}


@pytest.mark.parametrize(("status", "asked"), [(201, []), (403, ["add {}"]), (409, [])])
def test_what_an_operation_is_about_is_made_by_a_role_that_may(status: int, asked: list[str]) -> None:
    contract = Contract(BOOKS)
    member, staff = _Answering(contract, status), _Answering(contract, 201)
    member.others = [staff]

    with ExitStack() as stack, nullcontext() if status != 409 else pytest.raises(CallError, match="add, which makes"):
        assert member.made(contract.operations["read"], stack).values == {"id": "7"}

    assert staff.sent == asked
