"""Reports that were made to do harm, the process that reads them, and what the service does meanwhile."""

import asyncio
import base64
import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx2
import psutil
import pytest
from service_devkit.fixtures.server import LiveServer, StartServer

from app.core.settings import Settings
from app.extraction.limits import Limits
from app.extraction.reader import Kind, ReportReader, UnreadableReport
from tests.extraction import reports
from tests.mechanism.extraction_hostile import CORPUS, endless_operators, letter_under_accents
from tests.mechanism.folder_watch import watched
from tests.mechanism.raw import RawConnection, request_of
from tests.mechanism.support import ME, assert_unavailable, client_of, eventually
from tests.plugins.environment import ROOT

EXTRACT: Final = "/api/v1/study-plans/extract"
PDF: Final = {"Content-Type": reports.PDF_TYPE}
LIMITS: Final = Limits(pages=300, characters=1_000_000, seconds=15, memory=400)  # the defaults
SLOW: Final = endless_operators(40)
PATIENCE: Final = 30.0
REPORTS: Final = (
    (reports.PDF_TYPE, reports.as_pdf()),
    (reports.DOCX_TYPE, reports.as_docx()),
    ("text/csv", reports.as_csv()),
    ("text/plain", reports.as_text(300)),
    ("text/plain", reports.as_text(5000)),
    (reports.PDF_TYPE, reports.as_text()),
    (reports.PDF_TYPE, reports.as_pdf()[:-2000]),
)


def children_of(process: psutil.Process) -> list[psutil.Process]:
    """The children of a service that read reports."""
    return [each for each in process.children() if "app.extraction.worker" in " ".join(_command_of(each))]


def _command_of(process: psutil.Process) -> list[str]:
    with suppress(psutil.NoSuchProcess):  # it ends while it is looked at
        return process.cmdline()
    return []


def test_hostile_report_ends_in_bounded_time_and_memory() -> None:
    given = "\n".join(json.dumps([each.kind, base64.b64encode(each.make()).decode()]) for each in CORPUS.values())

    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "tests.mechanism.extraction_pass", json.dumps(LIMITS._asdict())],
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # as in the service; pytest's own is a file, to which the process may not write
        text=True,
        check=True,
    )

    outcomes = dict(zip(CORPUS, map(json.loads, done.stdout.splitlines()), strict=True))
    assert {name: found[0] for name, found in outcomes.items()} == {name: each.outcome for name, each in CORPUS.items()}
    assert {name: found for name, found in outcomes.items() if found[1] >= LIMITS.seconds} == {}
    assert outcomes[name := [*CORPUS][-1]][2] < LIMITS.memory, name  # the most of all, which the last one tells


def score_of(process: psutil.Process) -> str:
    """What Linux adds to the claim of a process to be the first to go."""
    return Path(f"/proc/{process.pid}/oom_score_adj").read_text("ascii")


def reader(**limits: float) -> ReportReader:
    """A reader with these limits."""
    return ReportReader(Settings.model_validate({f"extract_{name}": value for name, value in limits.items()}))


@pytest.mark.parametrize(
    ("kind", "content"), [("pdf", SLOW), ("text", letter_under_accents())], ids=["operators", "accents"]
)
async def test_report_that_takes_too_long_is_given_up_with_its_process(kind: Kind, content: bytes) -> None:
    with pytest.raises(UnreadableReport, match="too much time"):
        await reader(seconds=1).text_of(kind, content)

    assert children_of(psutil.Process()) == []


async def test_report_that_takes_too_much_memory_is_given_up() -> None:
    small = reader(memory=100, max_characters=100_000_000)

    with pytest.raises(UnreadableReport, match="memory"):
        await small.text_of("text", "\ufdfa".encode() * 3_000_000)

    assert await small.text_of("text", b"a" * 1_000_000) == "a" * 1_000_000


async def test_process_has_no_environment_and_limits_that_it_cannot_raise() -> None:
    work = asyncio.create_task(reader(seconds=PATIENCE).text_of("pdf", SLOW))
    await eventually(lambda: bool(children_of(psutil.Process())))
    [child] = children_of(psutil.Process())
    await eventually(lambda: child.rlimit(psutil.RLIMIT_AS) == (400 << 20, 400 << 20))

    environment = child.environ()
    goes_first = score_of(child)
    limits = [child.rlimit(each) for each in (psutil.RLIMIT_CPU, psutil.RLIMIT_FSIZE, psutil.RLIMIT_CORE)]
    work.cancel()
    await asyncio.wait([work])

    assert (environment, goes_first) == ({}, "1000\n")
    assert limits == [(30, 30), (0, 0), (0, 0)]
    assert not child.is_running()


@pytest.mark.live
def test_body_of_a_stranger_is_not_waited_for(live_server: LiveServer) -> None:
    pytest.importorskip("app.auth.token_errors", exc_type=ImportError)  # every request is somebody's elsewhere

    with RawConnection(live_server) as connection:
        connection.send(request_of(f"POST {EXTRACT}", {**PDF, "Content-Length": "5000000"}) + b"%PDF-")
        answer = connection.receive()

    assert answer.status == 401


@pytest.mark.live
async def test_caller_who_leaves_ends_the_reading_and_others_do_not_notice_it(
    live_server: LiveServer, ada: Mapping[str, str]
) -> None:
    process = psutil.Process(live_server.process.pid)

    with RawConnection(live_server) as first, RawConnection(live_server) as second:
        for connection in (first, second):
            connection.send(request_of(f"POST {EXTRACT}", {**ada, **PDF}, SLOW))
        await eventually(lambda: len(children_of(process)) == 2)
        async with client_of(live_server, ada) as client:
            answers = [await client.get(ME) for _ in range(20)]
        reading = len(children_of(process))

    await eventually(lambda: not children_of(process), within=LIMITS.seconds / 2)
    assert {answer.status_code for answer in answers} == {200}
    assert reading == 2


async def _post(client: httpx2.AsyncClient, media_type: str, content: bytes) -> httpx2.Response:
    return await client.post(EXTRACT, content=content, headers={"Content-Type": media_type})


@pytest.mark.live
async def test_nothing_of_a_report_is_written_anywhere(
    live_database_url: str, start_server: StartServer, ada: Mapping[str, str], tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    limits = {"EXTRACT_CONCURRENCY": "1", "EXTRACT_WAITING": "0", "EXTRACT_SECONDS": "60"}
    server = start_server(live_database_url, TMPDIR=str(temporary), HOME=str(temporary), LOG_LEVEL="DEBUG", **limits)
    process = psutil.Process(server.process.pid)

    with watched(tmp_path, ROOT / "app") as watch:
        async with client_of(server, ada) as client:
            read = [await _post(client, *each) for each in REPORTS]
            slow = asyncio.create_task(_post(client, reports.PDF_TYPE, SLOW))
            await eventually(lambda: bool(children_of(process)))
            opened = [file.path for each in (process, *children_of(process)) for file in each.open_files()]
            refused = await _post(client, "text/plain", b"MATH-101")
            slow.cancel()
        server.stop()
        written = {path for path in watch.written() if "__pycache__" not in path.parts}

    assert [answer.status_code for answer in read] == [200, 200, 200, 200, 413, 415, 422]
    assert_unavailable(refused)
    assert set(opened) | {*map(str, written)} == {str(server.output)}
    assert "Trustees" not in server.output.read_text("utf-8")
