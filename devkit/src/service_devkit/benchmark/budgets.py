"""The budgets in `[tool.devkit.benchmark]`, and what is over them."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import click
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service_devkit.benchmark.figures import Figures
from service_devkit.project import tool


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=lambda name: name.replace("_", "-"))


class Own(_Strict):
    """What one operation may cost, where that differs from the others."""

    statements: int | None = Field(default=None, ge=0)
    mean_ms: float | None = Field(default=None, gt=0)
    p95_ms: float | None = Field(default=None, gt=0)


class Budgets(_Strict):
    """What every operation may cost; milliseconds count with `--strict` only."""

    statements: int = Field(default=5, ge=0)
    mean_ms: float = Field(default=500, gt=0)
    p95_ms: float = Field(default=1000, gt=0)
    operations: dict[str, Own] = {}

    def findings(self, name: str, figures: Figures, *, strict: bool) -> Iterator[str]:
        """What of an operation is over its budget."""
        own = self.operations.get(name) or Own.model_validate({})
        most = self.statements if own.statements is None else own.statements
        if len(figures.statements) > most:
            sent = "".join(f"\n          {statement}" for statement in figures.statements)
            yield f"{name}: {len(figures.statements)} statements, at most {most}{sent}"
        if strict:
            yield from _over(f"{name}: mean", figures.mean_ms, own.mean_ms or self.mean_ms)
            yield from _over(f"{name}: p95", figures.p95_ms, own.p95_ms or self.p95_ms)


def _over(what: str, value: float, most: float) -> Sequence[str]:
    return [f"{what} {value:.0f} ms, at most {most:.0f} ms"] if value > most else []


def load_budgets(root: Path, names: Collection[str]) -> Budgets:
    """The budgets of a service whose operations have these names.

    Raises:
        click.ClickException: an unknown key, a value that is no budget, or an operation that the contract does not have.
    """
    try:
        budgets = Budgets.model_validate(dict(tool(root, "devkit", "benchmark")))
    except ValidationError as error:
        said = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        raise click.ClickException("[tool.devkit.benchmark]: " + "; ".join(said)) from None
    if unknown := sorted(budgets.operations.keys() - set(names)):
        raise click.ClickException(
            f"[tool.devkit.benchmark.operations]: the contract has no operation {', '.join(unknown)}"
        )
    return budgets
