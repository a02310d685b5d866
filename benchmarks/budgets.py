"""The budgets, and what of a report is over them."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from benchmarks.parts import has_resource
from benchmarks.report import Report

FOLDER: Final = Path(__file__).parent
Kind = Literal["count", "ratio", "time"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Gate(_Strict):
    """What the gate allows beyond the ratios."""

    head_room: float


class Default(_Strict):
    """What holds for every scenario. Times are reported, and fail nothing."""

    statements: int
    mean_ms: float
    p95_ms: float


class ProcessBudget(_Strict):
    """What the process may need beyond the bare service."""

    start_to_bare: float
    memory_over_bare: float


class ScenarioBudget(_Strict):
    """What one scenario may cost."""

    statements: int | None = None
    untouched: tuple[str, ...] = ()
    to_limit: float | None = None
    to_bare: float | None = None


class Budgets(_Strict):
    """All of them."""

    gate: Gate
    all: Default
    process: ProcessBudget
    scenarios: dict[str, ScenarioBudget]


class Finding(_Strict):
    """Something that is over its budget. A ratio may be noise; a count is none; a time fails nothing."""

    subject: str
    kind: Kind
    text: str


def load_budgets(folder: Path = FOLDER) -> Budgets:
    """The budgets of the service and of each domain that is there."""
    main = tomllib.loads((folder / "budgets.toml").read_text(encoding="utf-8"))
    for path in filter(_is_of_the_service, sorted(folder.glob("budgets_*.toml"))):
        main["scenarios"] |= tomllib.loads(path.read_text(encoding="utf-8"))["scenarios"]
    return Budgets.model_validate(main)


def _is_of_the_service(path: Path) -> bool:
    return has_resource(path.stem.removeprefix("budgets_"))


def findings(report: Report, budgets: Budgets, *, head_room: float = 1.0) -> Iterator[Finding]:
    """What is over its budget; ratios may be `head_room` times theirs."""
    for name in report.scenarios:
        budget = budgets.scenarios.get(name, ScenarioBudget())
        yield from _counts(report, name, budget, budgets.all)
        yield from _ratios(report, name, budget, head_room)
        yield from _times(report, name, budgets.all)
    yield from _process(report, budgets.process, head_room)


def _counts(report: Report, name: str, budget: ScenarioBudget, default: Default) -> Iterator[Finding]:
    queries = report.queries(name, "service") or []
    most = default.statements if budget.statements is None else budget.statements
    if len(queries) > most:
        yield Finding(subject=name, kind="count", text=f"{len(queries)} statements, at most {most}")
    for table in budget.untouched:
        touching = [query for query in queries if re.search(rf"\b{table}\b", query)]
        if touching:
            yield Finding(subject=name, kind="count", text=f"asks for {table}: {touching[0]}")


def _ratios(report: Report, name: str, budget: ScenarioBudget, head_room: float) -> Iterator[Finding]:
    for side, allowed in (("limit", budget.to_limit), ("bare", budget.to_bare)):
        if allowed is not None and (ratio := report.ratio(name, side)) > allowed * head_room:
            text = f"{ratio:.2f} times the CPU of {side}, at most {allowed * head_room:.2f}"
            yield Finding(subject=name, kind="ratio", text=text)


def _times(report: Report, name: str, default: Default) -> Iterator[Finding]:
    figures = report.scenarios[name]["service"]
    for what, value, most in (("mean", figures.mean, default.mean_ms), ("p95", figures.p95, default.p95_ms)):
        if value > most:
            yield Finding(subject=name, kind="time", text=f"{what} {value:.0f} ms, aim for {most:.0f} ms")


def _process(report: Report, budget: ProcessBudget, head_room: float) -> Iterator[Finding]:
    service, bare = report.processes["service"], report.processes["bare"]
    ratio, allowed = service.started_in / bare.started_in, budget.start_to_bare * head_room
    if ratio > allowed:
        yield Finding(subject="start", kind="ratio", text=f"{ratio:.2f} times as long as bare, at most {allowed:.2f}")
    over, most = service.memory - bare.memory, budget.memory_over_bare
    if over > most:
        yield Finding(subject="memory", kind="count", text=f"{over:.0f} MiB more than bare, at most {most:.0f}")
