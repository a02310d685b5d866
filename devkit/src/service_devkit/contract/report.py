"""Reports what deviates, where, and which side to change."""

import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from service_devkit.contract.comparison import Deviation, Side
from service_devkit.contract.values import Node

LONGEST_VALUE = 200
NO_HANDLER = "(no handler in the application)"
ADVICE: Mapping[Side | None, str] = {
    "contract": "change the application, which must do what the contract says; or take it out of the contract first",
    "application": "take it out of the application; or write it into the contract first, if it is meant",
    None: "change the application to what the contract says; or change the contract first, if the new value is meant",
}
OF_LOCATION: Final = "send it where one is made, and declare it, as `created()` of app/api/openapi.py does; or write `headers: {}` on that 201 in the contract"
OF_STUB: Final = "write what it does, its responses and its tests"


def handlers(app: FastAPI, root: Path) -> dict[str, str]:
    """Where the function of each operation stands, as `path:line`, by `METHOD /path`."""
    return {
        f"{method} {route.path_format}": _place(route.endpoint, root)
        for route in iter_route_contexts(app.routes)
        if route.endpoint is not None
        for method in route.methods or ()
    }


def _place(endpoint: object, root: Path) -> str:
    function = inspect.unwrap(endpoint) if callable(endpoint) else endpoint
    code = getattr(function, "__code__", None)
    if not inspect.iscode(code):
        return type(function).__qualname__
    path = Path(code.co_filename)
    return f"{path.relative_to(root).as_posix() if path.is_relative_to(root) else path}:{code.co_firstlineno}"


def render(deviations: Sequence[Deviation], places: Mapping[str, str]) -> Iterator[str]:
    """The report, deviation by deviation: the operations with their places, the difference, what to change."""
    for deviation in deviations:
        for operation in deviation.operations:
            yield f"{operation}  {places.get(operation, NO_HANDLER)}"
        yield f"    {_difference(deviation)}"
        yield f"    -> {_advice(deviation)}"
        yield ""


def as_json(deviations: Sequence[Deviation], places: Mapping[str, str]) -> Iterator[str]:
    """The report for programs: an array with one object for each deviation. The values are those of the two documents."""
    yield json.dumps([_record(each, places) for each in deviations], indent=2, ensure_ascii=False)


def as_markdown(deviations: Sequence[Deviation], places: Mapping[str, str]) -> Iterator[str]:
    """The report for a merge request: a table with one row for each deviation."""
    yield "| operation | handler | difference | recommendation |"
    yield "| --- | --- | --- | --- |"
    for each in deviations:
        operations = "<br>".join(f"`{operation}`" for operation in each.operations)
        handlers = "<br>".join(f"`{places.get(operation, NO_HANDLER)}`" for operation in each.operations)
        difference = _difference(each).replace("|", "\\|")
        yield f"| {operations} | {handlers} | {difference} | {_advice(each)} |"


WRITERS: Final = {"text": render, "json": as_json, "markdown": as_markdown}


def _record(deviation: Deviation, places: Mapping[str, str]) -> Node:
    sides = {"contract": deviation.contract, "application": deviation.application}
    return {
        "operations": [{"operation": each, "handler": places.get(each)} for each in deviation.operations],
        "where": list(deviation.where),
        **{side: None if value is None else json.loads(value) for side, value in sides.items()},
        "recommendation": _advice(deviation),
    }


def _advice(deviation: Deviation) -> str:
    if deviation.only_in == "contract" and deviation.where[-2:] == ("headers", "location"):
        return OF_LOCATION
    return OF_STUB if deviation.is_stub else ADVICE[deviation.only_in]


def _difference(deviation: Deviation) -> str:
    if deviation.is_stub:
        return "not written yet: it is what `devkit scaffold` left"
    where = " > ".join(deviation.where)
    if deviation.only_in is None:
        values = f"{_short(deviation.contract)} in the contract, {_short(deviation.application)} in the application"
        return f"{where}: {values}"
    other = "application" if deviation.only_in == "contract" else "contract"
    what = f"{where}: " if where else ""
    value = f" ({_short(deviation.contract or deviation.application)})" if where else ""
    return f"{what}only in the {deviation.only_in}, not in the {other}{value}"


def _short(value: str | None) -> str:
    text = value or ""
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."
