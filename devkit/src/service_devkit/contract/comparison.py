"""Finds where two sets of promises differ."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from service_devkit.contract.operations import Operations
from service_devkit.contract.schema import NAME, unnamed
from service_devkit.contract.values import Json, canonical

Side = Literal["contract", "application"]


@dataclass(frozen=True)
class Deviation:
    """One place where the two sides differ. Values are JSON text; None where a side has nothing."""

    where: tuple[str, ...]
    contract: str | None
    application: str | None
    operations: tuple[str, ...] = ()
    is_stub: bool = False  # nothing differs as yet: the operation is still what scaffold left

    @property
    def only_in(self) -> Side | None:
        """The side that has something where the other has nothing."""
        if self.contract is None:
            return "application"
        return "contract" if self.application is None else None


def compare(contract: Operations, application: Operations) -> list[Deviation]:
    """Every deviation once, with all operations that show it: those of a shared schema are not repeated."""
    shown: dict[Deviation, list[str]] = {}
    for operation in sorted({*contract, *application}):
        for deviation in _differences((), contract.get(operation), application.get(operation)):
            shown.setdefault(deviation, []).append(operation)
    return [
        Deviation(each.where, each.contract, each.application, tuple(dict.fromkeys(operations)))
        for each, operations in shown.items()
    ]


def _differences(where: tuple[str, ...], contract: Json, application: Json) -> Iterator[Deviation]:
    if isinstance(contract, dict) and isinstance(application, dict):
        where = _start(where, contract, application)
        for key in sorted({*contract, *application} - {NAME}):
            yield from _at_key((*where, key), key, contract, application)
    elif isinstance(contract, list) and isinstance(application, list):
        yield from _in_lists(where, contract, application)
    elif _described(contract) != _described(application):
        yield Deviation(where, _described(contract), _described(application))


def _in_lists(where: tuple[str, ...], contract: list[Json], application: list[Json]) -> Iterator[Deviation]:
    """Leave out what both have, so that one changed member of a long list is reported alone."""
    described_contract, described_application = (
        [_described(each) for each in contract],
        [_described(each) for each in application],
    )
    if described_contract == described_application:
        return
    only_contract = [each for each in contract if _described(each) not in described_application]
    only_application = [each for each in application if _described(each) not in described_contract]
    if len(only_contract) == len(only_application) == 1:
        yield from _differences(where, only_contract[0], only_application[0])
    elif only_contract or only_application:
        yield Deviation(where, _described(only_contract or None), _described(only_application or None))
    else:
        yield Deviation(where, _described(contract), _described(application))


def _at_key(
    where: tuple[str, ...], key: str, contract: dict[str, Json], application: dict[str, Json]
) -> Iterator[Deviation]:
    if key in contract and key in application:
        yield from _differences(where, contract[key], application[key])
        return
    yield Deviation(
        where,
        canonical(unnamed(contract[key])) if key in contract else None,
        canonical(unnamed(application[key])) if key in application else None,
    )


def _start(where: tuple[str, ...], contract: dict[str, Json], application: dict[str, Json]) -> tuple[str, ...]:
    """A component is a place of its own, whatever operation led to it."""
    name = contract.get(NAME) or application.get(NAME)
    return (f"schema {name}",) if name else where


def _described(value: Json) -> str | None:
    return None if value is None else canonical(unnamed(value))
