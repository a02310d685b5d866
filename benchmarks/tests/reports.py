"""Reports made by hand."""

from benchmarks.measure import Figures, Process
from benchmarks.report import Report

READ_ME = "SELECT users.id FROM users WHERE users.id = $1"


def figures(cpu: float, *, mean: float = 2.0, p95: float = 4.0) -> Figures:
    """What costs so many CPU microseconds."""
    return Figures(cpu=cpu, per_second=1000.0, mean=mean, p50=1.0, p95=p95, p99=5.0)


def report(
    *,
    service: float = 200.0,
    mean: float = 2.0,
    p95: float = 4.0,
    statements: tuple[str, ...] = (READ_ME,),
    started_in: float = 1.0,
    memory: float = 80.0,
) -> Report:
    """One scenario, `me`: the limit costs 100 and bare 400; bare starts in a second and needs 70 MiB."""
    return Report(
        made={"at": "2026-11-21", "cores": 2},
        scenarios={
            "me": {"service": figures(service, mean=mean, p95=p95), "bare": figures(400.0), "limit": figures(100.0)}
        },
        statements={"me": {"service": list(statements), "bare": ["BEGIN;", READ_ME, "ROLLBACK;"], "limit": [READ_ME]}},
        processes={
            "service": Process(started_in, memory),
            "bare": Process(1.0, 70.0),
            "limit": Process(0.2, 25.0),
        },
    )
