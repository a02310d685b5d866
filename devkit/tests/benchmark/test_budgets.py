"""The budgets of operations."""

from pathlib import Path

import click
import pytest

from service_devkit.benchmark.budgets import Budgets, load_budgets
from service_devkit.benchmark.figures import Figures, figures

NAMES = {"read_me", "list_books"}


def configured(folder: Path, text: str) -> Budgets:
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return load_budgets(folder, NAMES)


def measured(statements: int, *, mean: float = 10, p95: float = 20) -> Figures:
    return Figures(9, mean, p95, 100, tuple(f"SELECT {number}" for number in range(1, statements + 1)))


def test_figures_of_requests() -> None:
    found = figures([0.01] * 18 + [0.02, 0.1], ["SELECT 1"])

    assert (found.requests, round(found.mean_ms, 3), found.p95_ms, round(found.per_second, 3)) == (
        20,
        15.0,
        20.0,
        66.667,
    )


@pytest.mark.parametrize(
    ("of", "strict", "findings"),
    [
        (measured(2), True, []),
        (
            measured(3),
            False,
            ["read_me: 3 statements, at most 2\n          SELECT 1\n          SELECT 2\n          SELECT 3"],
        ),
        (measured(0, mean=31, p95=80), False, []),
        (
            measured(0, mean=31, p95=80),
            True,
            ["read_me: mean 31 ms, at most 30 ms", "read_me: p95 80 ms, at most 60 ms"],
        ),
    ],
)
def test_statements_are_held_always_and_milliseconds_where_asked(
    tmp_path: Path, of: Figures, findings: list[str], *, strict: bool
) -> None:
    own = "{ statements = 2, mean-ms = 30 }"
    budgets = configured(tmp_path, f"[tool.devkit.benchmark]\np95-ms = 60\noperations.read_me = {own}\n")

    assert list(budgets.findings("read_me", of, strict=strict)) == findings


def test_budgets_that_nobody_set(tmp_path: Path) -> None:
    budgets = configured(tmp_path, "[tool.devkit]\n")

    assert (budgets.statements, budgets.mean_ms, budgets.p95_ms) == (5, 500, 1000)
    assert list(budgets.findings("read_me", measured(5), strict=True)) == []
    assert len(list(budgets.findings("read_me", measured(6), strict=True))) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("statement = 2", "[tool.devkit.benchmark]: statement: Extra inputs are not permitted"),
        ("mean-ms = 0", "[tool.devkit.benchmark]: mean-ms: Input should be greater than 0"),
        ("operations.read_me = { p95 = 1 }", "[tool.devkit.benchmark]: operations.read_me.p95: Extra inputs"),
        ("operations.gone = { p95-ms = 1 }", "[tool.devkit.benchmark.operations]: the contract has no operation gone"),
    ],
)
def test_misspelt_budget_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(click.ClickException) as error:
        configured(tmp_path, f"[tool.devkit.benchmark]\n{text}\n")

    assert error.value.message.startswith(said)
