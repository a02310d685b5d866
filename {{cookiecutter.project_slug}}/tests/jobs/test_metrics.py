"""What a worker tells of its jobs."""

from datetime import timedelta
from pathlib import Path
from typing import Final

from service_devkit.monitoring import alerts, exposed, expressions, unknown
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import jobs
from app.jobs.engine.metrics import WAITING, Metrics
from app.jobs.housekeeping import forget_old_jobs

ROOT: Final = Path(__file__).parents[2]
MONITORING: Final = ROOT / "deploy" / "monitoring"


async def test_alerts_and_dashboard_ask_for_what_a_worker_tells(session: AsyncSession) -> None:
    await jobs.enqueue(session, forget_old_jobs, after=timedelta(hours=1))
    dead = await jobs.enqueue(session, forget_old_jobs)
    await session.execute(text("UPDATE jobs.pgqueuer SET status = 'failed' WHERE id = :id"), {"id": dead})
    rows = (await session.execute(text(WAITING))).mappings().all()
    metrics = Metrics()
    metrics.count(forget_old_jobs.name, "dead", 1.0)

    reported = exposed(metrics.text(rows))  # type: ignore[arg-type] # mappings, by other names

    queries = expressions(MONITORING / "jobs_alerts.yaml", MONITORING / "jobs_dashboard.json")
    page = (ROOT / "docs" / "jobs.md").read_text("utf-8")
    assert unknown(reported, queries) == []
    assert {label for labels in reported.values() for label in labels}.isdisjoint(
        {"job", "instance"}
    )  # the scraper's own
    assert all(f"| `{alert}` |" in page for alert in alerts(MONITORING / "jobs_alerts.yaml"))


async def test_queue_is_reported_by_job_and_status_with_the_age_of_what_is_due(session: AsyncSession) -> None:
    for after in (timedelta(), timedelta(seconds=-90), timedelta(hours=1)):
        await jobs.enqueue(session, forget_old_jobs, after=after)

    rows = (await session.execute(text(WAITING))).mappings().all()

    lines = Metrics().text(rows).splitlines()  # type: ignore[arg-type] # mappings, by other names
    assert 'jobs_in_queue{job_name="housekeeping.forget_old_jobs",status="queued"} 3' in lines
    [age] = [line.split()[1] for line in lines if line.startswith("jobs_oldest_seconds{")]
    assert 90 <= float(age) < 100


def test_attempts_are_counted_by_outcome_and_time() -> None:
    metrics = Metrics()
    for outcome, seconds in (("done", 0.05), ("done", 0.5), ("dead", 70.0)):
        metrics.count("users.send_welcome", outcome, seconds)

    lines = metrics.text([]).splitlines()

    of_job = [line.replace('{job_name="users.send_welcome"', "{") for line in lines if "users.send_welcome" in line]
    assert of_job == [
        'jobs_attempts_total{,outcome="dead"} 1',
        'jobs_attempts_total{,outcome="done"} 2',
        'jobs_duration_seconds_bucket{,le="0.01"} 0',
        'jobs_duration_seconds_bucket{,le="0.1"} 1',
        'jobs_duration_seconds_bucket{,le="1.0"} 2',
        'jobs_duration_seconds_bucket{,le="10.0"} 2',
        'jobs_duration_seconds_bucket{,le="60.0"} 2',
        'jobs_duration_seconds_bucket{,le="+Inf"} 3',
        "jobs_duration_seconds_sum{} 70.55",
        "jobs_duration_seconds_count{} 3",
    ]
