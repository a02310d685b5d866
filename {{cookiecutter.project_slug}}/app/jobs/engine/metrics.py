"""What a worker tells of its jobs, in the text format that scrapers read (openmetrics.io): `GET /metrics` on the port of its probes."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

BUCKETS: Final = (0.01, 0.1, 1.0, 10.0, 60.0, float("inf"))
WAITING: Final = (
    "SELECT entrypoint, status::text AS status, count(*) AS jobs, greatest(extract(epoch FROM max(now() - execute_after)), 0)::float8 AS age"
    " FROM jobs.pgqueuer GROUP BY entrypoint, status ORDER BY entrypoint, status"
)


class Metrics:
    """The attempts of this worker, counted by job and outcome, and how long they took."""

    def __init__(self) -> None:
        self._outcomes: Counter[tuple[str, str]] = Counter()
        self._seconds: dict[str, float] = defaultdict(float)
        self._buckets: Counter[tuple[str, float]] = Counter()

    def count(self, job: str, outcome: str, seconds: float) -> None:
        """An attempt has ended."""
        self._outcomes[job, outcome] += 1
        self._seconds[job] += seconds
        for bound in BUCKETS:
            self._buckets[job, bound] += seconds <= bound

    def text(self, queue: Iterable[Mapping[str, object]], *, running: int = 0) -> str:
        """All of it, with the rows of `WAITING`: those are the same from every worker.

        A label `job` would be renamed: scrapers have one of that name.
        """
        now = ["# TYPE jobs_running gauge", f"jobs_running {running}"]
        return "\n".join([*_of_queue(queue), *now, *self._of_attempts(), ""])

    def _of_attempts(self) -> Iterator[str]:
        yield "# TYPE jobs_attempts_total counter"
        for (job, outcome), times in sorted(self._outcomes.items()):
            yield _line("jobs_attempts_total", times, job_name=job, outcome=outcome)
        yield "# TYPE jobs_duration_seconds histogram"
        for job, seconds in sorted(self._seconds.items()):
            for bound in BUCKETS:
                name = "+Inf" if bound == BUCKETS[-1] else str(bound)
                yield _line("jobs_duration_seconds_bucket", self._buckets[job, bound], job_name=job, le=name)
            yield _line("jobs_duration_seconds_sum", round(seconds, 6), job_name=job)
            yield _line("jobs_duration_seconds_count", self._buckets[job, BUCKETS[-1]], job_name=job)


def _of_queue(queue: Iterable[Mapping[str, object]]) -> Iterator[str]:
    rows = list(queue)
    yield "# TYPE jobs_in_queue gauge"
    yield from (_line("jobs_in_queue", row["jobs"], job_name=row["entrypoint"], status=row["status"]) for row in rows)
    yield "# TYPE jobs_oldest_seconds gauge"
    queued = (row for row in rows if row["status"] == "queued")
    yield from (_line("jobs_oldest_seconds", row["age"], job_name=row["entrypoint"]) for row in queued)


def _line(name: str, value: object, **labels: object) -> str:
    pairs = ",".join(f'{label}="{each}"' for label, each in labels.items())
    return f"{name}{'{'}{pairs}{'}'} {value}"
