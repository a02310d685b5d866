"""What every measurement stands on: a database with data, the service's environment, and the people who call."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from service_devkit.postgres.throwaway import ThrowawayCluster
from service_devkit.service import run_python, service_environment

from benchmarks import TEMPLATE
from benchmarks.callers import Caller, People
from benchmarks.data import Size, seed
from benchmarks.scenarios import Scenario, scenarios
from benchmarks.servers import Server, Side, pinned, running

Say = Callable[[str], None]


def to_stderr(text: str) -> None:
    """Say what is being done; the output itself is for results."""
    click.echo(text, err=True)


def environment_of(database_url: str) -> dict[str, str]:
    """The environment of the service, in which this package can be imported too."""
    environment = service_environment(database_url)
    return {**environment, "PYTHONPATH": os.pathsep.join([environment["PYTHONPATH"], str(TEMPLATE)])}


@dataclass(frozen=True)
class Stage:
    """The database, and the environment that leads the three services to it."""

    url: str
    log: Path
    environment: dict[str, str]
    folder: Path
    people: People

    def callers(self) -> list[Caller]:
        """Those who call, with credentials that are valid."""
        return self.people.callers()

    def scenarios(self) -> list[Scenario]:
        """What they ask for."""
        return asyncio.run(scenarios(self.url, self.callers()))

    def server(
        self, side: Side, settings: Mapping[str, str] | None = None, *, one_core: bool = True
    ) -> contextlib.AbstractContextManager[Server]:
        """One of the services, started; with settings of its own."""
        return running(side, self.environment | dict(settings or {}), self.folder, one_core=one_core)


@contextlib.contextmanager
def stage(size: Size, *, people: int, say: Say) -> Iterator[Stage]:
    """A throw-away cluster, migrated and filled; it is gone after the block."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        with pinned(-1):  # beside the load: a core that the server had to share would cost it its caches
            cluster = stack.enter_context(ThrowawayCluster())
        environment = environment_of(cluster.url())
        say("migrating")
        run_python(["-m", "app", "migrate"], environment)
        made = Stage(cluster.url(), cluster.directory / "log", environment, Path(folder), People(people, environment))
        say(f"making {size.users:,} users and {size.rows:,} rows")
        asyncio.run(seed(made.url, made.callers(), size))
        yield made
