"""Calls every operation of a contract as everybody, from its examples."""

from collections.abc import Mapping
from contextlib import ExitStack, suppress

from service_devkit.benchmark.calls import Caller, CallError, in_order
from service_devkit.benchmark.examples import NoExampleError
from service_devkit.benchmark.operations import Contract
from service_devkit.contract.seen import Seen


def replay(contract: Contract, url: str, people: Mapping[str, str], seen: Seen) -> None:
    """Call each operation as each person: on what that person made, or where that is refused, on what somebody else made.

    Args:
        people: the `Authorization` header by the name of a person.
        seen: notes every answer.
    """
    with ExitStack() as stack:
        callers = [stack.enter_context(Caller(contract, url, header, seen.add)) for header in people.values()]
        for caller in callers:
            caller.others = [each for each in callers if each is not caller]
        for operation in in_order(list(contract.operations.values())):
            for caller in callers:
                others = [each for each in callers if each is not caller] if contract.maker(operation) else []
                for maker in (caller, *others):
                    with suppress(CallError, NoExampleError):  # `seen` has the answers, and says what never succeeded
                        caller.try_out(operation, maker)
                        break
