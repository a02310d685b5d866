"""What every measurement stands on: a database with data, the service's environment, and the people who call."""

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from dev.benchmark.callers import Caller, sign_in
from dev.benchmark.data import Size, seed
from dev.benchmark.scenarios import Scenario, scenarios
from dev.benchmark.servers import Server, Side, running
from dev.benchmark.service import run_python, service_environment
from dev.postgres.throwaway import ThrowawayCluster

Say = Callable[[str], None]


def to_stderr(text: str) -> None:
    """Tell what is being done; the output itself is for results."""
    click.echo(text, err=True)


@dataclass(frozen=True)
class Stage:
    """The database, and the environment that leads the three services to it."""

    url: str
    log: Path
    environment: dict[str, str]
    folder: Path
    people: int

    def callers(self) -> list[Caller]:
        """The people who call, with credentials that are new: some are valid for minutes only."""
        return sign_in(self.people, self.environment)

    def scenarios(self) -> list[Scenario]:
        """What they ask for."""
        return asyncio.run(scenarios(self.url, self.callers()))

    def server(self, side: Side, **settings: str) -> contextlib.AbstractContextManager[Server]:
        """One of the services, started."""
        return running(side, self.environment | settings, self.folder)


@contextlib.contextmanager
def stage(size: Size, *, people: int, say: Say) -> Iterator[Stage]:
    """A throw-away cluster, migrated and filled; it is gone after the block."""
    with ThrowawayCluster() as cluster, tempfile.TemporaryDirectory() as folder:
        environment = service_environment(cluster.url())
        say("migrating")
        run_python(["-m", "app", "migrate"], environment)
        made = Stage(cluster.url(), cluster.directory / "log", environment, Path(folder), people)
        say(f"making {size.users:,} users and {size.rows:,} rows")
        asyncio.run(seed(made.url, made.callers(), size))
        yield made
