"""Tier 2: each single answer, and variants in which every pair of answers meets. Each passes the gates that need no tests, and starts."""

from pathlib import Path

import pytest

from tests.project import Project, bake_into
from tests.variants import Variant, covering, cross_product, pairs_of, shaping, title

GATES = ("layers", "imports", "dependencies", "migrations", "contract-lint", "schemas", "contract")
START = """
import tempfile, urllib.request
from dev.postgres.throwaway import ThrowawayCluster
from dev.service import run_python, service_environment, serving

with ThrowawayCluster() as cluster, tempfile.TemporaryDirectory() as folder:
    environment = service_environment(cluster.url())
    run_python(["-m", "app", "migrate"], environment)
    with serving(environment, folder) as url:
        print(urllib.request.urlopen(url + "/readyz").read().decode())
"""


def test_every_pair_of_shaping_answers_is_covered() -> None:
    pairs = set().union(*(pairs_of(variant) for variant in cross_product(shaping())))

    assert pairs <= set().union(*(pairs_of(variant) for variant in covering()))


@pytest.mark.parametrize("variant", covering(), ids=title)
def test_variant_passes_its_gates_and_starts(
    template: Path, tmp_path: Path, service_commands: Path, mypy_cache: Path, variant: Variant
) -> None:
    project = bake_into(tmp_path, template, variant)

    typed = types(project, service_commands, mypy_cache)
    gates = project.run(service_commands / "python", "-m", "dev", "gate", *GATES)
    started = project.run(service_commands / "python", "-c", START)

    assert typed == ""
    assert gates.returncode == 0, gates.stdout
    assert '"status":"healthy"' in started.stdout, started.stdout


def types(project: Project, commands: Path, mypy_cache: Path) -> str:
    """What `mypy --strict` finds."""
    done = project.run(commands / "mypy", "--strict", "--cache-dir", mypy_cache)
    return done.stdout if done.returncode else ""
