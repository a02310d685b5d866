"""Workers that are killed, stopped, frozen and cut off: each job is done, none by two workers at once, and what cannot be done is seen."""

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

import asyncpg
import pytest
from service_devkit.monitoring import exposed, expressions, unknown
from service_devkit.postgres.server import free_port
from service_devkit.project import find_root
from sqlalchemy import text
from structlog.contextvars import bound_contextvars

from app import jobs
from app.cli.jobs import cancel_jobs
from app.core.middleware.request_context import request_state
from app.core.probe import ask
from app.core.settings.database import DatabaseSettings
from app.db.database import Database
from app.db.engine import create_pooled_engine
from tests.mechanism.conftest import Fragile
from tests.mechanism.jobs_to_run import block, fail, hang, kill_the_worker, nap
from tests.mechanism.support import connection_to, eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]

LEASE = 3.0
MONITORING = find_root() / "deploy" / "monitoring"
PATIENCE = 60.0  # a busy machine
WITH_OUR_JOBS = "import tests.mechanism.jobs_to_run; from app.cli import main; main()"
BLOCKED = "a job blocks the event loop; put blocking work into asyncio.to_thread"
Marks = list[asyncpg.Record]


@dataclass(frozen=True)
class Worker:
    """A worker in a process of its own, and the file that it writes its log to."""

    process: "subprocess.Popen[bytes]"
    output: Path

    def lines(self, event: str) -> list[dict[str, object]]:
        """The lines of one kind."""
        lines = [json.loads(line) for line in self.output.read_text(encoding="utf-8").splitlines()]
        return [line for line in lines if line["event"] == event]

    def outcomes(self) -> list[object]:
        """What became of each attempt, in order."""
        return [line["outcome"] for line in self.lines("job")]

    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self.process.poll() is not None


StartWorker = Callable[..., Worker]


@pytest.fixture
def start_worker(tmp_path: Path) -> Iterator[StartWorker]:
    """`start_worker(url, "--queue", "heavy", SHUTDOWN_SECONDS="1")`; what is left of it ends with the test."""
    started: list[Worker] = []

    def start(url: str, *arguments: str, code: str = WITH_OUR_JOBS, **settings: str) -> Worker:
        output = tmp_path / f"worker-{len(started)}"
        given = {"ENVIRONMENT": "test", "DATABASE_URL": url, "JOB_LEASE_SECONDS": str(LEASE), **settings}
        command = [sys.executable, "-c", code, "worker", *arguments]
        with output.open("wb") as log:
            environment = {**os.environ, "PYTHONPATH": str(find_root()), **given}
            process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)  # noqa: S603 - ours
        started.append(Worker(process, output))
        return started[-1]

    yield start
    for worker in started:
        worker.process.send_signal(signal.SIGCONT)
        worker.process.kill()
        worker.process.wait()
        print(worker.output.read_text(encoding="utf-8"))  # noqa: T201 - pytest shows it with a failure


@pytest.fixture
async def database(fragile: Fragile) -> AsyncIterator[Database]:
    """What the test enqueues with, and where the jobs leave their marks."""
    async with connection_to(fragile.url) as connection:
        await connection.execute(
            "CREATE TABLE marks (id serial, what text, job bigint, attempt int, pid int, at timestamptz DEFAULT clock_timestamp())"
        )
    database = Database(create_pooled_engine(DatabaseSettings.model_validate({"database_url": fragile.url})))
    yield database
    await database.dispose()


async def marks(fragile: Fragile, job: int | None) -> Marks:
    """What a job has left, in order."""
    async with connection_to(fragile.url) as connection:
        found: Marks = await connection.fetch("SELECT * FROM marks WHERE job = $1 ORDER BY id", job)
    return found


async def status_of(fragile: Fragile, job: int | None) -> str | None:
    """What the queue says about it; None when it is done."""
    async with connection_to(fragile.url) as connection:
        status: str | None = await connection.fetchval("SELECT status::text FROM jobs.pgqueuer WHERE id = $1", job)
    return status


def becomes(fragile: Fragile, job: int | None, status: str | None) -> Callable[[], Awaitable[bool]]:
    """Whether it has this status now."""

    async def has() -> bool:
        return await status_of(fragile, job) == status

    return has


def left(fragile: Fragile, job: int | None, what: str, times: int = 1) -> Callable[[], Awaitable[bool]]:
    """Whether it has left this mark so many times."""

    async def has() -> bool:
        return Counter(mark["what"] for mark in await marks(fragile, job))[what] >= times

    return has


async def test_job_of_a_killed_worker_is_done_by_another_when_the_lease_is_over(
    fragile: Fragile, database: Database, start_worker: StartWorker
) -> None:
    first, second = start_worker(fragile.url), start_worker(fragile.url)
    async with database.session() as session:
        job = await jobs.enqueue(session, nap, seconds=2)
    await eventually(left(fragile, job, "began"))
    [began] = await marks(fragile, job)

    killed = first if began["pid"] == first.process.pid else second
    killed.process.kill()
    taken_over = await eventually(left(fragile, job, "began", 2), within=LEASE + PATIENCE)
    await eventually(becomes(fragile, job, None))

    found = await marks(fragile, job)
    assert [mark["what"] for mark in found] == ["began", "began", "ended"]
    assert len({mark["pid"] for mark in found[1:]} - {began["pid"]}) == 1
    assert LEASE / 2 < taken_over < LEASE + PATIENCE / 4


async def test_job_that_kills_each_worker_ends_as_a_dead_letter_and_takes_no_other_with_it(
    fragile: Fragile, database: Database, start_worker: StartWorker
) -> None:
    async with database.session() as session:
        before = await jobs.enqueue(session, nap, seconds=0.3)
        job = await jobs.enqueue(session, kill_the_worker)
        others = [before, await jobs.enqueue(session, nap, seconds=0.3)]

    killed = [start_worker(fragile.url) for _ in range(3)]
    for each in killed:
        await eventually(each.has_ended, within=LEASE + PATIENCE)
    worker = start_worker(fragile.url)
    await eventually(becomes(fragile, job, "failed"), within=LEASE + PATIENCE)
    for other in others:
        await eventually(becomes(fragile, other, None))

    assert [mark["what"] for mark in await marks(fragile, job)] == ["began"] * 3
    [line] = [line for line in worker.lines("job") if line["outcome"] == "dead"]
    assert "3 workers died with it" in str(line["exception"])


async def test_job_that_fails_is_tried_again_later_and_later(
    fragile: Fragile, database: Database, start_worker: StartWorker
) -> None:
    worker = start_worker(fragile.url)
    token = request_state.set({"locale": "fr"})
    with bound_contextvars(request_id="req-7"):
        async with database.session() as session:
            job = await jobs.enqueue(session, fail, times=3)
    request_state.reset(token)
    async with database.session() as session:
        hopeless = await jobs.enqueue(session, fail, times=9)

    await eventually(becomes(fragile, job, None))
    await eventually(becomes(fragile, hopeless, "failed"))

    found = await marks(fragile, job)
    assert [(mark["what"], mark["attempt"]) for mark in found] == [
        ("began", 1),
        ("began", 2),
        ("began", 3),
        ("began", 4),
        ("ended", 4),
    ]
    waits = {line["attempt"]: line["retry_in"] for line in worker.lines("job") if line["outcome"] == "failed"}
    bounds = {1: (0.2, 0.4), 2: (0.4, 0.8), 3: (0.8, 1.6)}
    assert waits.keys() == bounds.keys()
    assert all(low <= float(str(waits[each])) <= high for each, (low, high) in bounds.items()), waits
    [line] = [line for line in worker.lines("job") if line["outcome"] == "done"]
    said = {name: line.get(name) for name in ("job", "job_id", "attempt", "request_id", "language")}
    assert said == {"job": "jobs_to_run.fail", "job_id": job, "attempt": 4, "request_id": "req-7", "language": "fr"}
    assert float(str(line["duration_ms"])) > 0
    pauses = [(late["at"] - early["at"]).total_seconds() for early, late in itertools.pairwise(found[:4])]
    assert all(pause >= least for pause, least in zip(pauses, (0.2, 0.4, 0.8), strict=True)), pauses
    assert Counter(worker.outcomes()) == {"failed": 6, "done": 1, "dead": 1}


async def test_job_that_takes_too_long_is_cancelled(
    fragile: Fragile, database: Database, start_worker: StartWorker
) -> None:
    worker = start_worker(fragile.url)
    async with database.session() as session:
        job = await jobs.enqueue(session, hang)

    await eventually(becomes(fragile, job, "failed"))

    assert [mark["what"] for mark in await marks(fragile, job)] == ["began", "left"]
    [line] = worker.lines("job")
    assert (line["outcome"], "TimeoutError" in str(line["exception"])) == ("dead", True)


async def test_running_job_that_is_cancelled_by_hand_ends_where_it_is_and_is_not_tried_again(
    fragile: Fragile, database: Database, start_worker: StartWorker
) -> None:
    worker = start_worker(fragile.url)
    async with database.session() as session:
        job = await jobs.enqueue(session, nap, seconds=600)
    await eventually(left(fragile, job, "began"))

    async with database.session() as session:
        await cancel_jobs(session, [job or 0])
    await eventually(lambda: bool(worker.outcomes()))
    async with database.session() as session:
        later = await jobs.enqueue(session, nap, seconds=0)
    await eventually(becomes(fragile, later, None))

    assert [mark["what"] for mark in await marks(fragile, job)] == ["began"]
    assert (await status_of(fragile, job), worker.outcomes()) == (None, ["cancelled", "done"])


async def test_worker_whose_lease_fails_by_whatever_it_raises_ends(
    fragile: Fragile, database: Database, start_worker: StartWorker
) -> None:
    del database
    worker = start_worker(
        fragile.url, code=f"import app.jobs.engine.lease as lease; lease.connect = None; {WITH_OUR_JOBS}"
    )

    await eventually(worker.has_ended)

    assert worker.process.returncode == 1
    [line] = worker.lines("this worker ends, its jobs go to another")
    assert line["cause"] == "the lease is not renewed any more"
    assert "TypeError" in str(line["exception"])


async def test_worker_of_development_starts_again_when_code_changes(
    fragile: Fragile, database: Database, start_worker: StartWorker, tmp_path: Path
) -> None:
    del database
    (tmp_path / "code").mkdir()
    watched = f"import pathlib, app.cli.worker as worker; worker.CODE = pathlib.Path({str(tmp_path / 'code')!r})"
    worker = start_worker(fragile.url, "--reload", code=f"{watched}; {WITH_OUR_JOBS}")
    await eventually(lambda: len(worker.lines("worker started")) == 1)

    changes = (f"VERSION = {number}" for number in itertools.count())
    due = time.monotonic()

    def has_started_again() -> bool:
        nonlocal due
        if not worker.lines("stopping") and time.monotonic() > due:  # the watch may begin after the worker
            due = time.monotonic() + 5
            (tmp_path / "code" / "changed.py").write_text(next(changes), encoding="utf-8")
        return len(worker.lines("worker started")) > 1

    await eventually(has_started_again)

    worker.process.terminate()
    assert await asyncio.to_thread(worker.process.wait, PATIENCE) == 0


async def test_worker_that_is_stopped_finishes_what_it_can(
    fragile: Fragile, database: Database, start_worker: StartWorker
) -> None:
    worker = start_worker(fragile.url)
    async with database.session() as session:
        job = await jobs.enqueue(session, nap, seconds=1.5)
    await eventually(left(fragile, job, "began"))

    worker.process.terminate()
    async with database.session() as session:
        late = await jobs.enqueue(session, nap, seconds=0)
    status = await asyncio.to_thread(worker.process.wait, PATIENCE)

    assert status == 0
    assert [mark["what"] for mark in await marks(fragile, job)] == ["began", "ended"]
    assert (await status_of(fragile, job), await status_of(fragile, late)) == (None, "queued")


async def test_worker_that_is_stopped_gives_back_what_it_cannot_finish(
    fragile: Fragile, database: Database, start_worker: StartWorker
) -> None:
    worker = start_worker(fragile.url, SHUTDOWN_SECONDS="1")
    async with database.session() as session:
        job = await jobs.enqueue(session, nap, seconds=3)
    await eventually(left(fragile, job, "began"))

    worker.process.terminate()
    before = time.monotonic()
    status = await asyncio.to_thread(worker.process.wait, PATIENCE)
    took = time.monotonic() - before
    returned = await status_of(fragile, job)
    start_worker(fragile.url)
    await eventually(becomes(fragile, job, None))

    assert (status, returned) == (0, "queued")
    assert took > 0.9
    found = [(mark["what"], mark["attempt"]) for mark in await marks(fragile, job)]
    assert found == [("began", 1), ("cancelled", 1), ("began", 1), ("ended", 1)]
    assert worker.outcomes() == ["returned"]


async def test_worker_outlives_a_restart_of_postgres_and_loses_nothing(
    fragile: Fragile, database: Database, start_worker: StartWorker
) -> None:
    worker = start_worker(fragile.url, JOB_LEASE_SECONDS="30")
    async with database.session() as session:
        job = await jobs.enqueue(session, nap, seconds=5)
    await eventually(left(fragile, job, "began"))

    fragile.kill()
    fragile.start()
    await eventually(becomes(fragile, job, None))
    async with database.session() as session:
        later = await jobs.enqueue(session, nap, seconds=0)
    await eventually(becomes(fragile, later, None))

    assert not worker.has_ended()
    assert [mark["what"] for mark in await marks(fragile, job)] == ["began", "ended"]
    assert worker.outcomes() == ["done", "done"]


async def test_worker_ends_where_it_cannot_keep_its_lease(
    fragile: Fragile, database: Database, start_worker: StartWorker
) -> None:
    worker = start_worker(fragile.url)
    idle = start_worker(fragile.url, "--queue", "heavy")
    await eventually(lambda: bool(idle.lines("worker started")))
    async with database.session() as session:
        job = await jobs.enqueue(session, nap, seconds=60)
    await eventually(left(fragile, job, "began"))

    fragile.freeze()
    ended = await eventually(worker.has_ended)

    assert worker.process.returncode == 1
    assert ended < LEASE
    [line] = worker.lines("this worker ends, its jobs go to another")
    assert line["jobs"] == [f"jobs_to_run.nap {job}"]
    assert not idle.has_ended()


async def test_worker_that_no_longer_hears_of_jobs_asks_for_them_and_listens_again(
    fragile: Fragile, database: Database, start_worker: StartWorker
) -> None:
    worker = start_worker(fragile.url)

    async def listens() -> bool:
        async with connection_to(fragile.url) as connection:
            return bool(await connection.fetchval("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'"))

    await eventually(listens)
    async with connection_to(fragile.url) as connection:
        await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'")
    async with database.session() as session:
        job = await jobs.enqueue(session, nap, seconds=0)
    done = await eventually(becomes(fragile, job, None))
    await eventually(listens)

    assert done < 4
    assert len(worker.lines("not listening for new jobs, asking for them meanwhile")) == 1


async def test_blocking_code_is_named_and_runs_in_one_worker_only(
    fragile: Fragile, database: Database, start_worker: StartWorker
) -> None:
    workers = [start_worker(fragile.url), start_worker(fragile.url)]
    async with database.session() as session:
        job = await jobs.enqueue(session, block, seconds=LEASE * 1.2)

    await eventually(left(fragile, job, "began"))
    await eventually(lambda: any(worker.outcomes() for worker in workers))

    assert [mark["what"] for mark in await marks(fragile, job)].count("began") == 1
    [warning] = [line for worker in workers for line in worker.lines(BLOCKED) if line["jobs"]]
    assert warning["jobs"] == [f"jobs_to_run.block {job}"]
    assert str(warning["where"]).endswith("in block")


async def test_worker_that_is_blocked_for_longer_than_a_job_may_take_ends(
    fragile: Fragile, database: Database, start_worker: StartWorker
) -> None:
    worker = start_worker(fragile.url)
    async with database.session() as session:
        await jobs.enqueue(session, block, seconds=600)

    await eventually(worker.has_ended)

    assert worker.process.returncode == 1
    [line] = worker.lines("this worker ends, its jobs go to another")
    assert line["cause"] == "the event loop has been blocked for longer than any job may take"


async def test_no_job_runs_in_two_workers_that_live(
    fragile: Fragile, database: Database, start_worker: StartWorker
) -> None:
    # Longer than other tests have it: a worker that gets no processor for as long has lost its lease.
    workers = [start_worker(fragile.url, JOB_LEASE_SECONDS=str(LEASE * 3)) for _ in range(3)]
    async with database.session() as session:
        made = [await jobs.enqueue(session, nap, seconds=0.01) for _ in range(60)]
        long = await jobs.enqueue(session, nap, seconds=LEASE * 3 * 1.2)

    async def all_done() -> bool:
        async with connection_to(fragile.url) as connection:
            return not await connection.fetchval("SELECT count(*) FROM jobs.pgqueuer")

    await eventually(all_done)

    for job in [*made, long]:
        assert [mark["what"] for mark in await marks(fragile, job)] == ["began", "ended"]
    assert sum(len(worker.outcomes()) for worker in workers) == 61


async def test_probes_of_a_worker_say_how_it_is(
    fragile: Fragile, database: Database, start_worker: StartWorker
) -> None:
    del database
    port = free_port()
    start_worker(fragile.url, "--port", str(port), DB_STATEMENT_TIMEOUT="0.5", DB_CONNECT_TIMEOUT="0.5")
    await eventually(lambda: ask("127.0.0.1", port, ready=True)[0])

    fragile.freeze()
    await eventually(lambda: not ask("127.0.0.1", port, ready=True)[0])
    alive = ask("127.0.0.1", port, ready=False)
    fragile.thaw()
    await eventually(lambda: ask("127.0.0.1", port, ready=True)[0])

    assert alive == (True, "/healthz answers 200")


async def test_alerts_and_dashboard_ask_for_what_a_worker_exposes(
    fragile: Fragile, database: Database, start_worker: StartWorker
) -> None:
    port = free_port()
    queries = expressions(MONITORING / "jobs_alerts.yaml", MONITORING / "jobs_dashboard.json")
    start_worker(fragile.url, "--port", str(port))
    async with database.session() as session:
        await jobs.enqueue(session, nap, seconds=0)
        await jobs.enqueue(session, nap, after=timedelta(hours=1), seconds=0)
        dead = await jobs.enqueue(session, nap, after=timedelta(hours=1), seconds=0)
        await session.execute(text("UPDATE jobs.pgqueuer SET status = 'failed' WHERE id = :id"), {"id": dead})
    await eventually(lambda: ask("127.0.0.1", port, ready=True)[0])

    async def all_known() -> bool:
        return not unknown(exposed(await asyncio.to_thread(metrics_of, port)), queries)

    await eventually(all_known)


def metrics_of(port: int) -> str:
    """What a worker tells Prometheus."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text: bytes = answer.read()
    return text.decode()
