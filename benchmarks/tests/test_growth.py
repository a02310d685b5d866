"""How cost grows: the experiments on a tiny database."""

import asyncio
from collections.abc import Iterator

import pytest

from benchmarks import growth
from benchmarks.generator import Load
from benchmarks.growth import Experiment, Table
from benchmarks.session import Session


@pytest.fixture
def experiment(running: Session) -> Iterator[Experiment]:
    """Tenths of seconds."""
    with Load() as load:
        yield Experiment(running.stage, load, 0.1)


def test_exhausted_pool_refuses_in_time_and_recovers(experiment: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "POOL_TIMEOUT", 0.5)
    monkeypatch.setattr(growth, "STATEMENT_TIMEOUT", 1.0)

    table = asyncio.run(growth.pool_exhausted(experiment))

    before, locked, after = table.rows
    assert (before["phase"], locked["phase"], after["phase"]) == ("before", "locked", "after")
    assert str(before["answers"]).endswith(" x 200")
    assert str(locked["answers"]).endswith(" x 503")
    assert locked["retry after"] == "1"
    assert 400 < float(locked["p50"]) < 5000  # about POOL_TIMEOUT, on a machine with other work
    assert str(after["answers"]).endswith(" x 200")


def test_body_that_is_too_large_is_refused_before_it_is_read(experiment: Experiment) -> None:
    small, large = growth.large_body(experiment).rows

    assert (small["bytes"], large["bytes"]) == (200_000, 50_000_000)
    assert {small["answer"], large["answer"]} <= {"413", "hung up"}
    assert int(large["bytes taken"]) < 25_000_000


def test_stalled_clients_leave_room_for_others(experiment: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "SLOW_CLIENTS", (20,))

    table = growth.slow_clients(experiment, experiment.stage.scenarios()[0])

    (row,) = table.rows
    assert row["stalled clients"] == 20
    assert float(row["req/s"]) > 10


def test_more_connections_and_workers_are_a_line_each(experiment: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "CONNECTIONS", (1, 4))
    monkeypatch.setattr(growth, "WORKERS", (2,))

    table = growth.connections_and_workers(experiment, experiment.stage.scenarios()[0])

    assert [(row["workers"], row["connections"]) for row in table.rows] == [(2, 1), (2, 4)]


def test_table_is_markdown() -> None:
    assert Table("Ways", [{"way": "far", "ms": 2.5}]).markdown() == (
        "### Ways\n\n| way | ms |\n| --- | --- |\n| far | 2.5 |"
    )
