"""`python -m benchmarks`."""

import contextlib
import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import TEMPLATE, benchmark, commands
from benchmarks.callers import sign_in
from benchmarks.commands import gate as gate_command
from benchmarks.commands import run as run_command
from benchmarks.report import Report, read
from benchmarks.stage import environment_of
from benchmarks.tests.reports import READ_ME, report


@dataclass
class Running:
    """A session whose measurements are given."""

    first: Report
    second: Report
    asked_again: list[str] = field(default_factory=list)

    def report(self) -> Report:
        return self.first

    def report_of_routes(self) -> Report:
        return self.first

    def costs(self, only: Collection[str]) -> Report:
        self.asked_again += only
        return self.second

    def say(self, _text: str) -> None:
        pass


@pytest.fixture
def gated(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Running]:
    """`gated(first, second)` makes the gate measure these."""

    def set_up(first: Report, second: Report | None = None) -> Running:
        running = Running(first, second or report())
        monkeypatch.setattr(gate_command, "session", lambda *_, **__: contextlib.nullcontext(running))
        return running

    return set_up


def test_commands_are_listed_without_a_service() -> None:
    command = [sys.executable, "-m", "benchmarks", "--help"]
    done = subprocess.run(command, cwd=TEMPLATE, capture_output=True, text=True, check=True)

    listed = re.findall(r"^  (\S+)  +\S", done.stdout.partition("Commands:\n")[2], re.MULTILINE)
    modules = {path.stem.replace("_", "-") for path in Path(commands.__path__[0]).glob("[a-z]*.py")}
    assert listed == sorted(modules)


@pytest.mark.parametrize("name", ["run", "growth"])
def test_defaults_are_documented(name: str) -> None:
    result = CliRunner().invoke(benchmark, [name, "--help"], terminal_width=200)

    assert result.exit_code == 0
    assert "[default: 1000000]" in result.output


def test_gate_within_the_budgets_passes(gated: Callable[..., Running]) -> None:
    running = gated(report(service=110))

    result = CliRunner().invoke(benchmark, ["gate"])

    assert result.exit_code == 0, result.output
    assert running.asked_again == []
    assert "FAILED" not in result.output


def test_ratio_that_was_over_only_once_passes(gated: Callable[..., Running]) -> None:
    running = gated(report(started_in=5), report(started_in=1))

    result = CliRunner().invoke(benchmark, ["gate"])

    assert result.exit_code == 0, result.output
    assert running.asked_again == ["start"]


def test_ratio_that_is_over_twice_fails(gated: Callable[..., Running]) -> None:
    gated(report(started_in=5), report(started_in=4))

    result = CliRunner().invoke(benchmark, ["gate"])

    assert result.exit_code == 1
    assert "FAILED  start: 4.00 times as long as bare" in result.output


def test_ratio_that_only_the_second_look_finds_is_noise(gated: Callable[..., Running]) -> None:
    running = gated(report(started_in=5), report(memory=900))

    assert CliRunner().invoke(benchmark, ["gate"]).exit_code == 0
    assert running.asked_again == ["start"]


def test_count_fails_at_once(gated: Callable[..., Running]) -> None:
    running = gated(report(statements=(READ_ME,) * 6))

    result = CliRunner().invoke(benchmark, ["gate"])

    assert result.exit_code == 1
    assert running.asked_again == []
    assert "FAILED  me: 6 statements" in result.output


def test_slow_answer_is_reported_and_fails_nothing(gated: Callable[..., Running]) -> None:
    gated(report(mean=900))

    result = CliRunner().invoke(benchmark, ["gate"])

    assert result.exit_code == 0
    assert "info  me: mean 900 ms" in result.output


def test_run_keeps_what_it_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(
        run_command, "session", lambda *_, **__: contextlib.nullcontext(Running(report(memory=99), report()))
    )
    earlier = tmp_path / "earlier.json"
    report(service=100).write(earlier)

    result = CliRunner().invoke(benchmark, ["run", "--output", str(tmp_path / "kept"), "--against", str(earlier)])

    assert result.exit_code == 0, result.output
    assert "- memory: 29 MiB more than bare, at most 28" in result.output
    assert "| me | 100 | 200 | 2.00 |" in result.output
    kept = {path.suffix: path for path in (tmp_path / "kept").iterdir()}
    assert set(kept) == {".json", ".md", ".svg"}
    assert read(kept[".json"]) == report(memory=99)
    assert kept[".svg"].read_text(encoding="utf-8").startswith("<svg")


def test_callers_are_many_people_whom_the_service_knows() -> None:
    callers = sign_in(6, environment_of("postgresql://nobody@127.0.0.1:1/nothing"))

    expected = 6 if importlib.util.find_spec("dev.sign_in") else 1
    assert len(callers) == len({caller.id for caller in callers}) == expected
    assert len({caller.authorization for caller in callers}) == expected
