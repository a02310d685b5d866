"""`devkit integration`: the production server, on a database of its own, answers each example of the contract as each role."""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Final

import click

from service_devkit.benchmark.calls import Caller, CallError, in_order
from service_devkit.benchmark.examples import NoExampleError
from service_devkit.benchmark.operations import Contract, Example, Operation
from service_devkit.contract.document import read
from service_devkit.contract.layout import contract_of
from service_devkit.contract.seen import Seen
from service_devkit.postgres.throwaway import ThrowawayCluster
from service_devkit.project import find_root, tool
from service_devkit.service import development_environment, people_of, run_python, serving
from service_devkit.workflow.command import Refused, Result, WorkflowCommand, say

NOBODY: Final = "nobody"


@dataclass(frozen=True)
class Walk:
    """What one example of an operation was answered, by person: a status, or why it was not sent."""

    operation: str
    example: str
    answers: Mapping[str, str]

    @property
    def succeeded(self) -> bool:
        """Whether it was for somebody."""
        return any(each[:1] in {"2", "3"} for each in self.answers.values())

    def line(self) -> str:
        """For people."""
        people: dict[str, list[str]] = {}
        for person, answer in self.answers.items():
            people.setdefault(answer, []).append(person)
        answers = "; ".join(f"{answer} {', '.join(those)}" for answer, those in people.items())
        return f"{self.operation}{f', {self.example}' if self.example else ''}: {answers}"


@click.command(cls=WorkflowCommand)
def integration() -> Result:
    """Start the production server on a fresh database, and send it each example of the contract as each role, and as nobody.

    Examples are those of bodies and parameters. What an operation is about is made first and taken away again. An answer that the contract does not
    have, a failure of the service, an example that succeeds for nobody, and a guarded operation that answers somebody who is not signed in fail; one
    that no example can reach has its reason in [tool.devkit.contract.never-successful] of pyproject.toml.
    """
    root = find_root()
    document = read(contract_of(root))
    contract, seen = Contract(document), Seen(document)
    with ExitStack() as stack:
        environment = development_environment(stack.enter_context(ThrowawayCluster()).url())
        run_python(["-m", "app", "migrate"], environment)
        people = people_of(root, environment)
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        url = stack.enter_context(serving({**environment, "LOG_LEVEL": "ERROR"}, folder))
        walked = walk(contract, url, people, seen)
    excused = {str(name) for name in tool(root, "devkit", "contract", "never-successful")}
    found = [*seen.violations, *findings(contract, walked, excused)]
    facts = {"people": [*people], "walked": [asdict(each) for each in walked], "findings": found}
    for each in walked:
        say(each.line())
    if found:
        raise Refused(
            f"{len(found)} findings",
            then="correct the service, or the example in the contract",
            details=found,
            facts=facts,
        )
    return Result(
        facts,
        [
            f"{len(walked)} examples of {len(contract.operations)} operations, as {', '.join(people) or NOBODY}: all as promised"
        ],
    )


def walk(contract: Contract, url: str, people: Mapping[str, str], seen: Seen) -> list[Walk]:
    """Send each example of each operation as each person, on what that person made, or else what another one made."""
    with ExitStack() as stack:
        callers = {
            name: stack.enter_context(Caller(contract, url, header, seen.add)) for name, header in people.items()
        }
        callers[NOBODY] = stack.enter_context(Caller(contract, url, "", seen.add))
        return [
            Walk(each.name, example.name, {name: _answer(each, example, name, callers, contract) for name in callers})
            for each in in_order(list(contract.operations.values()))
            for example in each.examples(contract.schemas)
        ]


def _answer(
    operation: Operation, example: Example, name: str, callers: Mapping[str, Caller], contract: Contract
) -> str:
    others = [each for each in callers.values() if each is not callers[name]] if contract.maker(operation) else []
    said = ""
    for maker in (callers[name], *others):
        try:
            return str(callers[name].try_out(operation, maker, example))
        except CallError as error:
            if error.status:
                return str(error.status)  # its own answer: what it is about was there
            said = said or str(error)
        except NoExampleError as error:
            said = said or str(error)
    return said


def findings(contract: Contract, walked: Sequence[Walk], excused: set[str]) -> list[str]:
    """What is wrong with the answers, one line each."""
    found = []
    for each in walked:
        operation = contract.operations[each.operation]
        if any(answer.startswith("5") for answer in each.answers.values()):
            found.append(f"{each.line()}: a failure of the service")
        elif not operation.is_open and each.answers[NOBODY][:1] in {"2", "3"}:
            found.append(f"{each.line()}: it is guarded, and answers nobody")
        elif not each.succeeded and each.operation not in excused:
            found.append(f"{each.line()}: it succeeds for nobody")
    return found
