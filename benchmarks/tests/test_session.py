"""A whole run on tiny data: what the services answer, and what is measured of them."""

import itertools
import os
import subprocess
import sys

import pytest

from benchmarks import TEMPLATE, measure
from benchmarks.measure import Effort, count_statements
from benchmarks.queries import of_work
from benchmarks.scenarios import Request
from benchmarks.session import Session
from benchmarks.tests import SERVICE
from benchmarks.tests.answers import answers
from benchmarks.tests.reports import figures


def test_profile_is_the_same_from_all_three(running: Session) -> None:
    (caller, *_) = running.stage.callers()

    found = answers(running, Request(caller, "/api/v1/users/me"))

    assert found["service"].status == 200
    assert found["service"].body["id"] == str(caller.id)
    assert found["bare"] == found["limit"] == found["service"]


def test_liveness_is_the_same_from_all_three_but_for_the_time(running: Session) -> None:
    (caller, *_) = running.stage.callers()

    found = answers(running, Request(caller, "/healthz"))

    for answer in found.values():
        assert str(answer.body.pop("timestamp")).endswith("Z")
    assert found["service"].body == {"status": "healthy"}
    assert found["bare"] == found["limit"] == found["service"]


def test_every_service_is_measured_in_every_scenario(running: Session) -> None:
    report = running.costs(["liveness", "me"])

    measured = {(name, side) for name, sides in report.scenarios.items() for side in sides}
    assert measured == {(name, side) for name in ("liveness", "me") for side in ("service", "bare", "limit")}
    assert all(figures.per_second > 0 for sides in report.scenarios.values() for figures in sides.values())
    assert all(figures.p50 <= figures.p99 for sides in report.scenarios.values() for figures in sides.values())
    assert all(0.05 < process.started_in < 30 for process in report.processes.values())
    assert all(10 < process.memory < 500 for process in report.processes.values())


def test_statements_are_counted_by_the_database(running: Session) -> None:
    counted = count_statements(running.stage, running.servers)

    assert {side: statements for side, statements in counted["liveness"].items() if statements} == {}
    assert len(of_work(counted["me"]["bare"])) == len(of_work(counted["me"]["limit"])) == 1
    assert [statement for statement in counted["me"]["bare"] if statement not in of_work(counted["me"]["bare"])] == [
        "BEGIN;",
        "ROLLBACK;",
    ]


@pytest.mark.parametrize("name", ["limit", "bare"])
def test_reference_knows_nothing_of_the_service(name: str) -> None:
    script = f"import sys; import benchmarks.references.{name} as it; it.create_app(); print('app' in sys.modules)"

    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(TEMPLATE), str(SERVICE)])}
    result = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)

    assert result.stdout == "False\n"


@pytest.mark.parametrize(("best", "cpu"), [(False, 20.0), (True, 10.0)])
def test_median_of_the_rounds_counts_or_the_cheapest_one(
    running: Session, monkeypatch: pytest.MonkeyPatch, *, best: bool, cpu: float
) -> None:
    costs = itertools.cycle([30.0, 20.0, 10.0])
    monkeypatch.setattr(measure, "figures", lambda *_, **__: figures(next(costs)))
    effort = Effort(rounds=3, seconds=0.1, connections=1, starts=1, best=best)

    found = measure.measure(
        running.stage, {"service": running.servers["service"]}, effort, say=running.say, only=["me"]
    )

    assert found["me"]["service"].cpu == cpu
