"""What is over its budget, and what of that fails the gate."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from benchmarks.budgets import FOLDER, Budgets, findings, load_budgets
from benchmarks.report import Report
from benchmarks.tests.reports import READ_ME, report

BUDGETS = Budgets.model_validate(
    {
        "gate": {"head_room": 1.5},
        "all": {"statements": 5, "mean_ms": 500, "p95_ms": 600},
        "process": {"start_to_bare": 1.2, "memory_over_bare": 20},
        "scenarios": {"me": {"statements": 1, "to_limit": 3, "to_bare": 0.65}},
    }
)
UNBOUNDED = BUDGETS.model_copy(update={"scenarios": {}})
UNTOUCHED = BUDGETS.model_copy(
    update={"scenarios": {"me": BUDGETS.scenarios["me"].model_copy(update={"untouched": ("users",)})}}
)


def found(of: Report, budgets: Budgets = BUDGETS, *, head_room: float = 1.0) -> list[tuple[str, str, str]]:
    return [(each.subject, each.kind, each.text) for each in findings(of, budgets, head_room=head_room)]


def test_report_within_its_budgets_has_no_finding() -> None:
    assert found(report()) == []


@pytest.mark.parametrize(
    ("over", "finding"),
    [
        (report(statements=(READ_ME, READ_ME)), ("me", "count", "2 statements, at most 1")),
        (report(started_in=1.3), ("start", "ratio", "1.30 times as long as bare, at most 1.20")),
        (report(memory=91), ("memory", "count", "21 MiB more than bare, at most 20")),
        (report(mean=501), ("me", "time", "mean 501 ms, aim for 500 ms")),
        (report(p95=700), ("me", "time", "p95 700 ms, aim for 600 ms")),
    ],
)
def test_each_budget_is_held(over: Report, finding: tuple[str, str, str]) -> None:
    assert found(over) == [finding]


def test_ratios_to_both_references_are_held() -> None:
    assert found(report(service=301)) == [
        ("me", "ratio", "3.01 times the CPU of limit, at most 3.00"),
        ("me", "ratio", "0.75 times the CPU of bare, at most 0.65"),
    ]


def test_statements_around_the_work_are_free() -> None:
    assert found(report(statements=("BEGIN;", READ_ME, "COMMIT;"))) == []


def test_table_that_must_not_be_asked_is_named_with_the_statement() -> None:
    assert found(report(), UNTOUCHED) == [("me", "count", f"asks for users: {READ_ME}")]


def test_scenario_without_a_budget_has_the_one_of_all() -> None:
    assert found(report(service=9_999, statements=(READ_ME,) * 5), UNBOUNDED) == []
    assert found(report(statements=(READ_ME,) * 6), UNBOUNDED) == [("me", "count", "6 statements, at most 5")]


def test_head_room_is_for_ratios_only() -> None:
    assert found(report(service=350, started_in=1.7), head_room=1.5) == []
    assert found(report(memory=91, statements=(READ_ME, READ_ME)), head_room=1.5) == [
        ("me", "count", "2 statements, at most 1"),
        ("memory", "count", "21 MiB more than bare, at most 20"),
    ]


def test_budgets_of_a_resource_that_the_service_has_stand_beside_the_others(tmp_path: Path) -> None:
    (tmp_path / "budgets.toml").write_bytes((FOLDER / "budgets.toml").read_bytes())
    (tmp_path / "budgets_study_plans.toml").write_text("[scenarios.list]\nto_limit = 2.5\n", encoding="utf-8")
    (tmp_path / "budgets_absent.toml").write_text("[scenarios.absent]\nto_limit = 2.5\n", encoding="utf-8")

    budgets = load_budgets(tmp_path)

    assert set(budgets.scenarios) == {"liveness", "me", "list"}
    assert budgets.scenarios["list"].to_limit == 2.5


def test_misspelt_budget_is_refused(tmp_path: Path) -> None:
    (tmp_path / "budgets.toml").write_bytes((FOLDER / "budgets.toml").read_bytes())
    (tmp_path / "budgets_study_plans.toml").write_text("[scenarios.list]\nto_limits = 2.5\n", encoding="utf-8")

    with pytest.raises(ValidationError, match="to_limits"):
        load_budgets(tmp_path)
