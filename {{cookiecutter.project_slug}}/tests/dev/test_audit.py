"""The audit against a service that speaks OSV, on this machine: what can be mended fails, and no answer is no pass."""

import json
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from dev.audit import ROOT, Waiver, audit, outdated

FIXED = "GHSA-fake-fake-0001"
UNFIXED = "GHSA-fake-fake-0002"
TODAY = datetime.now(UTC).date()
NOWHERE = "http://127.0.0.1:1"


class Osv(BaseHTTPRequestHandler):
    """Reports two vulnerabilities of Click: one that is fixed in version 99, one that is not."""

    reported = (FIXED, UNFIXED)

    def do_POST(self) -> None:
        """Which of the packages asked for are vulnerable."""
        queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        found = {"vulns": [{"id": name, "modified": "2026-01-01T00:00:00Z"} for name in self.reported]}
        self._answer({"results": [found if query["package"]["name"] == "click" else {} for query in queries]})

    def do_GET(self) -> None:
        """One vulnerability."""
        name = self.path.rpartition("/")[2]
        events = [{"introduced": "0"}, *([{"fixed": "99.0"}] if name == FIXED else [])]
        package = {"name": "click", "ecosystem": "PyPI"}
        self._answer(
            {
                "id": name,
                "modified": "2026-01-01T00:00:00Z",
                "aliases": [name.replace("GHSA", "CVE")],
                "summary": "made up",
                "affected": [{"package": package, "ranges": [{"type": "ECOSYSTEM", "events": events}]}],
            }
        )

    def _answer(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named so by the base class
        """Stay quiet."""


@pytest.fixture
def osv(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the service."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Osv) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the lock of this one."""
    for name in ("pyproject.toml", "uv.lock"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def waive(project: Path, text: str) -> None:
    with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[[tool.audit.waivers]]\n{text}\n")


def run(project: Path, service: str) -> tuple[int, list[str]]:
    result = CliRunner().invoke(audit, ["--root", str(project), "--service-url", service])
    return result.exit_code, result.output.splitlines()


def test_vulnerability_with_a_fix_fails_and_one_without_is_a_warning(project: Path, osv: str) -> None:
    status, (warning, failure) = run(project, osv)

    assert status == 1
    assert warning.startswith("warning: click ")
    assert warning.endswith(f": {UNFIXED}, made up; no fix yet")
    assert failure.endswith(f": {FIXED}, made up; fixed in 99.0")


def test_nothing_that_can_be_mended_passes(project: Path, osv: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Osv, "reported", (UNFIXED,))

    assert run(project, osv)[0] == 0


@pytest.mark.parametrize("name", [FIXED, FIXED.replace("GHSA", "CVE")])
def test_waived_vulnerability_passes_and_is_still_told(project: Path, osv: str, name: str) -> None:
    until = TODAY + timedelta(days=30)
    waive(project, f'id = "{name}"\nreason = "not reachable"\nexpires = {until}')

    status, lines = run(project, osv)

    assert status == 0
    assert any(line.endswith(f"fixed in 99.0; waived until {until}: not reachable") for line in lines)


@pytest.mark.parametrize("service", ["osv", "nowhere"])
def test_expired_waiver_fails_even_if_the_audit_could_not_run(project: Path, osv: str, service: str) -> None:
    waive(project, f'id = "{FIXED}"\nreason = "not reachable"\nexpires = {TODAY}')

    status, lines = run(project, osv if service == "osv" else NOWHERE)

    assert status == 1
    assert f"the waiver of {FIXED} expired on {TODAY}" in lines


def test_waiver_of_what_is_not_reported_is_to_be_removed(
    project: Path, osv: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Osv, "reported", ())
    waive(project, f'id = "{FIXED}"\nreason = "not reachable"\nexpires = {TODAY + timedelta(days=30)}')

    assert run(project, osv) == (0, [f"warning: nothing is reported for the waiver of {FIXED}: remove it"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('id = "A"\nexpires = 2026-01-01', "reason"),
        ('id = "A"\nreason = ""\nexpires = 2026-01-01', "reason"),
        ('id = "A"\nreason = "why"', "expires"),
        ('reason = "why"\nexpires = 2026-01-01', "id"),
        ('id = "A"\nreason = "why"\nexpires = 2026-01-01\nuntil = 2030-01-01', "until"),
    ],
)
def test_waiver_without_id_reason_or_date_fails(project: Path, text: str, expected: str) -> None:
    waive(project, text)

    status, lines = run(project, NOWHERE)

    assert status == 1
    assert expected in lines


def test_waiver_may_last_half_a_year_and_not_a_day_longer() -> None:
    lasting = [Waiver(id=f"A-{day}", reason="why", expires=date(2026, 6, day)) for day in (30, 29)]

    assert list(outdated(lasting, date(2025, 12, 31))) == ["the waiver of A-30 lasts longer than 180 days"]


def test_service_that_does_not_answer_is_no_pass(project: Path) -> None:
    status, lines = run(project, NOWHERE)

    assert status == 75
    assert lines[0].startswith("NOT RUN: error: error sending request")


def test_without_uv_the_audit_says_not_run(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setenv("PATH", "")

    assert run(project, NOWHERE) == (75, ["NOT RUN: uv is not on PATH"])


def test_uv_that_knows_no_audit_is_no_pass(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "uv"
    old.write_text("#!/bin/sh\necho 'error: unrecognized subcommand' >&2\nexit 2\n")
    old.chmod(0o755)
    monkeypatch.setenv("UV", str(old))

    assert run(project, NOWHERE) == (75, ["NOT RUN: error: unrecognized subcommand"])
