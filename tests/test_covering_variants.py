"""Tier 2: variants in which every pair of answers meets, of those that change the code. Each passes the gates that need no tests, and starts."""

from pathlib import Path

import pytest

from tests.computed import Computation
from tests.project import bake_into, with_fault
from tests.service_environment import types
from tests.variants import CODE, Variant, coding, covering, pairs_of, possible, title

GATES = ("layers", "dependencies", "migrations", "translations", "contract-lint", "schemas", "contract")
START = """
import tempfile, urllib.request
from service_devkit.postgres.throwaway import ThrowawayCluster
from service_devkit.service import run_python, service_environment, serving

with ThrowawayCluster() as cluster, tempfile.TemporaryDirectory() as folder:
    environment = service_environment(cluster.url())
    run_python(["-m", "app", "migrate"], environment)
    with serving(environment, folder) as url:
        print(urllib.request.urlopen(url + "/readyz").read().decode())
"""


def test_every_pair_of_answers_that_change_the_code_is_covered() -> None:
    pairs = set().union(*(pairs_of(variant) for variant in possible(coding())))

    assert pairs <= set().union(*(pairs_of(variant) for variant in covering()))


def test_answers_beside_the_code_leave_it_as_it_is(template: Path) -> None:
    computed = Computation(template)
    code = [name for name in computed.sources if name.startswith(CODE)]

    asked = {question for name in code for question in (*computed.named[name], *computed.owning(name))}

    assert asked - {"port"} <= set(coding())


@pytest.mark.parametrize(
    ("gate", "name", "old", "new", "message"),
    [
        ("dependencies", "pyproject.toml", '    "argon2-cffi>=25.1,<26",\n', "", "'argon2'"),
        (
            "migrations",
            "app/models/accounts.py",
            "    password_hash:",
            "    drifted: Mapped[str]\n    password_hash:",
            "drifted",
        ),
        ("contract", "app/api/v1/sessions.py", '.post("/refresh"', '.post("/renewed"', "/auth/renewed"),
        ("contract", "app/auth/jwt.py", "PROVIDER = ", "import of_nothing\n\nPROVIDER = ", "of_nothing"),
    ],
)
def test_fault_of_one_answer_turns_its_variants_red_and_no_others(
    template: Path, tmp_path: Path, service_commands: Path, gate: str, name: str, old: str, new: str, message: str
) -> None:
    faulty = with_fault(template, tmp_path / "template", name, old, new)

    red, green = (
        bake_into(tmp_path / auth, faulty, {"auth": auth}).gate(service_commands, gate) for auth in ("jwt", "none")
    )

    assert red.returncode == 1
    assert message in red.stdout
    assert green.returncode == 0, green.stdout


@pytest.mark.parametrize("variant", covering(), ids=title)
def test_variant_passes_its_gates_and_starts(
    template: Path, tmp_path: Path, service_commands: Path, variant: Variant
) -> None:
    project = bake_into(tmp_path, template, variant)

    typed = types(project, service_commands)
    gates = project.gate(service_commands, *GATES)
    started = project.run(service_commands / "python", "-c", START)

    assert typed == ""
    assert gates.returncode == 0, gates.stdout
    assert '"status":"healthy"' in started.stdout, started.stdout
