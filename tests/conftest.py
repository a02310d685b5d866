"""Fixtures: a clean copy of the template, baked services, and the environment they are checked in."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests import service_environment
from tests.computed import Computation
from tests.project import Project, bake_into, copy_template
from tests.releases import last_tags
from tests.repository import commit, git
from tests.variants import (
    REPOSITORY,
    Answer,
    Variant,
    covering,
    living,
    pairs_of,
    possible,
    sample,
    shaping,
    title,
)

TIERS = {"tier 1": "test_every_variant.py", "tier 2": "test_covering_variants.py", "tier 3": "test_living.py"}

# Set before the workers of pytest-xdist start, which must draw the same sample.
os.environ.setdefault("TEMPLATE_SEED", str(secrets.randbelow(10**9)))

Bake = Callable[..., Project]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the template's tests."""
    parser.addoption("--every-variant", action="store_true", help="Bake every variant instead of a sample.")


def pytest_report_header(config: pytest.Config) -> str:
    """How much is baked, at the head of every run."""
    pairs = set().union(*map(pairs_of, covering()))
    computed = Computation(REPOSITORY)
    texts = sum(len(computed.cases(name)) for name in computed.composition)
    return (
        f"template: tier 1 computes {len(possible(shaping()))} variants, all there are, from {texts} texts of "
        f"{len(computed.composition)} files beside {len(computed.sources) - len(computed.composition)} plain ones, and bakes "
        f"{len(sample(every=config.getoption('every_variant')))} (TEMPLATE_SEED={os.environ['TEMPLATE_SEED']}); tier 2 starts {len(covering())}, with each of "
        f"{len(pairs)} pairs of answers that change the code; tier 3 lives {len(living())} whole "
        f"lives; updates from {', '.join(last_tags()) or 'no release, for want of tags'}"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first: those that wait for each other on one worker, the rest of them on the others.

    pytest-xdist gives each worker one run of the list, all of one length, and lets idle workers take from the ends of the others' runs.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    in_turn = [item for item in items if "one_at_a_time" in fixtures_of(item)]
    long = [item for item in items if item.get_closest_marker("slow") and item not in in_turn]
    beginnings = [in_turn, *(long[number :: workers - 1] for number in range(workers - 1))] if workers > 1 else [long]
    short = iter([item for item in items if not any(item in beginning for beginning in beginnings)])
    left = len(items)
    items.clear()
    for number, beginning in enumerate(beginnings):
        length = left // (workers - number)
        items += [*beginning, *islice(short, max(0, length - len(beginning)))]
        left -= length


def fixtures_of(item: pytest.Item) -> list[str]:
    """The names of the fixtures that a test uses."""
    return item.fixturenames if isinstance(item, pytest.Function) else []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What each tier took, in seconds of one processor."""
    reports = [
        report
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport)
    ]
    for tier, module in TIERS.items():
        seconds: dict[str, float] = {}
        for report in reports:
            if report.nodeid.startswith(f"tests/{module}::") and "[" in report.nodeid:
                seconds[report.nodeid] = seconds.get(report.nodeid, 0) + report.duration
        if seconds:
            each, longest = sum(seconds.values()) / len(seconds), max(seconds.values())
            terminalreporter.write_line(
                f"{tier}: {len(seconds)} tests, {each:.2f} s each, {longest:.1f} s at most, {sum(seconds.values()):.0f} s together"
            )
    for report in reports:
        if report.failed:
            terminalreporter.write_line("\n".join([report.nodeid, *reasons(report.longreprtext)]))


def reasons(text: str) -> list[str]:
    """Why a test failed, for a log whose middle is cut: what failed in the service that it ran, else the end of what it said itself."""
    said = [line[:300] for line in text.splitlines() if line.startswith("E  ")]
    inner = [line for line in said if re.match(r"E +(E  |FAILED|ERROR)", line)]
    return (inner or said)[-20:]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template as git knows it."""
    return copy_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def repository(template: Path, tmp_path: Path) -> Path:
    """The template as a git repository with one commit."""
    folder = shutil.copytree(template, tmp_path / "template")
    git(folder, "init", "--quiet")
    commit(folder)
    return folder


@pytest.fixture
def bake(template: Path, tmp_path: Path) -> Bake:
    """Bake a service of one's own: `bake(auth="none")`."""

    def bake_here(folder: str = "out", **answers: Answer) -> Project:
        return bake_into(tmp_path / folder, template, answers)

    return bake_here


@pytest.fixture(scope="session")
def baked(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Variant], Project]:
    """A service that tests only read, baked once per worker."""
    made: dict[str, Project] = {}

    def bake_once(variant: Variant) -> Project:
        name = title(variant)
        if name not in made:
            made[name] = bake_into(tmp_path_factory.mktemp("baked"), template, variant)
        return made[name]

    return bake_once


@pytest.fixture(scope="session")
def service_commands() -> Path:
    """The folder of ruff, mypy and the other commands of the shared service environment."""
    return service_environment.build()


@pytest.fixture
def one_at_a_time() -> Iterator[None]:
    """For tests that share an environment. They stand on one worker: pytest-xdist's groups do nothing with pytest 9.2."""
    with service_environment.locked("environment"):
        yield


@pytest.fixture
def alone() -> Iterator[None]:
    """For a test that runs the tests of a whole service: they use all processors, and measure how fast faults are answered."""
    with service_environment.locked("alone"):
        yield
