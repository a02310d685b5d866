"""Tier 1: every variant, computed; and bakes of a sample, other ones in each run, that are byte for byte what was computed.

`--every-variant` bakes them all, as `.github/workflows/variants.yml` does every week.
"""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.computed import Computation
from tests.computed_findings import computed_findings
from tests.findings import expected_files, findings
from tests.project import bake_into, with_fault
from tests.variants import Variant, all_off, choices, owning, possible, sample, shaping, title

NO_ANSWERS_YET = ("search", "uploads")
NAMING = (
    ".env.example",
    "README.md",
    "app/api/router.py",
    "app/core/settings/__init__.py",
    "justfile",
    "pyproject.toml",
)
SECONDS_WITH_MORE = 60


@pytest.fixture(scope="module")
def computed(template: Path) -> Computation:
    """The template, computed once."""
    return Computation(template)


def test_every_variant_has_the_files_that_were_reviewed(computed: Computation) -> None:
    variants = possible(owning())

    assert [variant for variant in variants if computed.files(variant) != expected_files(variant)] == []


def test_every_text_of_every_variant_is_whole(computed: Computation, tmp_path: Path, service_commands: Path) -> None:
    assert computed_findings(computed, tmp_path, service_commands) == []


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The sample is drawn when the tests are collected: the seed stands in the head of the run."""
    if "sampled" in metafunc.fixturenames:
        metafunc.parametrize("sampled", sample(every=metafunc.config.getoption("every_variant")), ids=title)


def test_bake_is_what_was_computed(
    computed: Computation, template: Path, tmp_path: Path, service_commands: Path, sampled: Variant
) -> None:
    project = bake_into(tmp_path, template, sampled)

    baked, expected = project.contents(), computed.contents(sampled)

    assert baked.keys() == expected.keys()
    assert [name for name in baked if baked[name] != expected[name]] == []
    assert findings(project, sampled, service_commands) == []
    shutil.rmtree(project.root)  # of hundreds of services, only the broken ones stay to be looked at


def with_more(folder: Path, template: Path) -> Path:
    """The template with more questions, each with a file of its own and with lines in the files that list things."""
    shutil.copytree(template, folder)
    tree = folder / "{{cookiecutter.project_slug}}"
    questions = json.loads((folder / "cookiecutter.json").read_text(encoding="utf-8"))
    for name in NO_ANSWERS_YET:
        questions[name] = True
        questions["_owned_paths"][f"{name}=true"] = [f"app/core/{name}_room.py"]
        (tree / "app" / "core" / f"{name}_room.py").write_text(f'"""What {name} needs."""\n', encoding="utf-8")
        for file in NAMING:
            text = (tree / file).read_text(encoding="utf-8")
            listed = f"# {{% if cookiecutter.{name} %}}\n# Listed.\n# {{% endif %}}\n"
            (tree / file).write_text(listed + text, encoding="utf-8")
    (folder / "cookiecutter.json").write_text(json.dumps(questions), encoding="utf-8")
    return folder


def test_more_answers_are_computed_in_seconds(
    template: Path, tmp_path: Path, service_commands: Path, record_property: Callable[[str, object], None]
) -> None:
    computed = Computation(with_more(tmp_path / "template", template))
    start = time.process_time()

    variants, found = computed.variants(), computed_findings(computed, tmp_path / "texts", service_commands)

    record_property("seconds", time.process_time() - start)
    assert len(variants) == len(possible(owning())) * 2 ** len(NO_ANSWERS_YET)
    assert found == []
    assert time.process_time() - start < SECONDS_WITH_MORE  # of this process: other work beside it does not count


ORDINARY, ROUTER = "app/main.py", "app/api/router.py"
ONE_ANSWER = '# {% if cookiecutter.auth == "jwt" %}\n'
FAULTS_OF_TEXTS = {
    "app/services/users.py: left over: ": (
        "app/services/users.py",
        "# {% if cookiecutter.docker %}\nX = 1\n# {% endif %}\n",
    ),
    "app/api/router.py: left over: ": (ROUTER, "# {% raw %}\n# {{ nothing }}\n# {% endraw %}\n"),
    "word: app/main.py: # As in study plans. (example=true": (ORDINARY, "# As in study plans.\n"),
    "word: app/api/router.py: # As Telegram does. ": (ROUTER, f"{ONE_ANSWER}# As Telegram does.\n# {{% endif %}}\n"),
    "word: app/auth/clerk.py: # Beside argon2. ": ("app/auth/clerk.py", "# Beside argon2.\n"),
    "import: app/main.py: app.auth.jwt (": (ORDINARY, "import app.auth.jwt\n"),
    "import: app/api/router.py: app.auth.jwt (": (
        ROUTER,
        "# {% if cookiecutter.example %}\nimport app.auth.jwt\n# {% endif %}\n",
    ),
    "import: app/auth/clerk.py: app.models.study_plans (": ("app/auth/clerk.py", "import app.models.study_plans\n"),
    "empty: app/rooms (": ("app/rooms/__init__.py", ""),
    "ruff format: ": (ROUTER, f"{ONE_ANSWER}EXTRA  = 1\n# {{% endif %}}\n"),
    "ruff check: ": (ROUTER, f"{ONE_ANSWER}EXTRA = undefined\n# {{% endif %}}\n"),
    "contracts/openapi.yaml: does not parse": ("contracts/openapi.yaml", f"{ONE_ANSWER}}}\n# {{% endif %}}\n"),
    "README.md: line ends": ("README.md", "no line end"),
}


@pytest.fixture(scope="module")
def found(template: Path, tmp_path_factory: pytest.TempPathFactory, service_commands: Path) -> list[str]:
    """What is found in a template with all these faults at once."""
    folder = tmp_path_factory.mktemp("faults")
    shutil.copytree(template, folder / "template")
    for name, text in FAULTS_OF_TEXTS.values():
        file = folder / "template" / "{{cookiecutter.project_slug}}" / name
        file.parent.mkdir(exist_ok=True)
        with file.open("a", encoding="utf-8") as opened:
            opened.write(text)
    return computed_findings(Computation(folder / "template"), folder / "texts", service_commands)


@pytest.mark.parametrize("finding", FAULTS_OF_TEXTS)
def test_fault_of_one_text_is_found_without_a_bake(found: list[str], finding: str) -> None:
    assert any(line.startswith(finding) for line in found), found


@pytest.mark.parametrize(
    "tag",
    ['{{ cookiecutter["docker"] }}', "# {% set answers = cookiecutter %}\n{{ answers.docker }}"],
    ids=["index", "alias"],
)
def test_bake_shows_an_answer_that_the_computation_does_not_see(template: Path, tmp_path: Path, tag: str) -> None:
    unseen = with_fault(template, tmp_path / "template", "alembic.ini", "[alembic]\n", f"[alembic]\n{tag}\n")

    baked = bake_into(tmp_path / "out", unseen, {"docker": False}).contents()

    assert baked != Computation(unseen).contents({"docker": False})


def write(name: str, text: str) -> Callable[[Path], object]:
    """A fault: a file with this text at its end."""

    def do(root: Path) -> None:
        with (root / name).open("a", encoding="utf-8") as file:
            file.write(text)

    return do


FAULTS = {
    "stray file: app/orphan.py": write("app/orphan.py", '"""Nobody owns this."""\n'),
    "missing file: app/main.py": lambda root: (root / "app" / "main.py").unlink(),
    "empty: app/rooms": lambda root: (root / "app" / "rooms").mkdir(),
    "empty: app/room": lambda root: [(root / "app" / "room").mkdir(), (root / "app" / "room" / "__init__.py").touch()],
    "app/main.py: left over": write("app/main.py", "# {% endif %}\n"),
    "alembic.ini: line ends": write("alembic.ini", "\r\n"),
    "word: app/clerk.py:0": write("app/clerk.py", '"""Nobody signs in."""\n'),
    "ruff format": write("app/main.py", "x=1\n"),
    "ruff check": write("app/main.py", "import os\n"),
}


@pytest.mark.parametrize(("finding", "fault"), FAULTS.items(), ids=FAULTS)
def test_fault_of_a_bake_is_found(
    computed: Computation,
    template: Path,
    tmp_path: Path,
    service_commands: Path,
    finding: str,
    fault: Callable[[Path], object],
) -> None:
    project = bake_into(tmp_path, template, all_off())

    fault(project.root)

    assert any(line.startswith(finding) for line in findings(project, all_off(), service_commands))
    assert project.contents() != computed.contents(all_off()) or "empty: app/rooms" in finding


def test_sample_follows_its_seed_and_has_no_variant_twice() -> None:
    first, again, other = sample(seed=1), sample(seed=1), sample(seed=2)

    assert first == again != other
    assert [variant for number, variant in enumerate(first) if variant in first[:number]] == []
    assert set(first[0]) == set(choices())
    assert len(sample(every=True)) == len(possible(shaping()))
