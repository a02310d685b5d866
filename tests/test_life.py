"""The life of a service beside its template: made from a release, given a resource, released, and updated again and again."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.project import Project, require_success
from tests.reading_lists import promised_in, promised_with_more_in
from tests.releases import LATER, TREE, WORK_TREE, last_tags, make_releases
from tests.repository import commit, cruft, git
from tests.service_environment import types, types_known
from tests.variants import REPOSITORY, Variant, all_off, all_on, title
from tools.lock import uv

pytestmark = pytest.mark.slow

SHAPES: list[Variant] = [all_off(), all_off() | {"auth": "jwt"}, all_on()]
STARTS = [*last_tags(), WORK_TREE]
# The README of a service, "Add a resource".
STEPS = (
    *(["contract", "--fill"], ["generate"]),
    *(["scaffold", tag] for tag in ("reading lists", "notes", "genres")),
    *(["migrate"], ["migration", "add reading lists"], ["queries"]),
)
GENERATE, SCAFFOLD = ("contract", "generate"), ("scaffold", "reading lists")
GATES = (
    *("format", "lint", "types", "layers", "dependencies", "migrations"),
    *("translations", "contract-lint", "schemas", "contract"),
)


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template with its releases."""
    return make_releases(tmp_path_factory.mktemp("releases") / "template")


def born(folder: Path, releases: Path, variant: Variant, start: str) -> Project:
    """A service made at a release of the template, and committed as it is."""
    context = ("--extra-context", json.dumps(variant))
    cruft(folder, "create", str(releases), "--checkout", start, "--no-input", "--default-config", *context)
    service = Project(folder / "my-service")
    git(service.root, "init", "--quiet")
    commit(service.root)
    return service


def promise_reading_lists(service: Project, promised: Callable[[str], str] = promised_in) -> None:
    """The first documented step: write the noun into the contract."""
    contract = service.root / "contracts" / "openapi.yaml"
    contract.write_text(promised(contract.read_text(encoding="utf-8")), encoding="utf-8")


def update(service: Project, release: str) -> None:
    """Bring the service to a release of the template; git and cruft leave nothing to be fixed."""
    cruft(service.root, "update", "--skip-apply-ask", "--checkout", release)
    status = git(service.root, "status", "--porcelain", "--untracked-files=all")
    assert re.findall(r"^(?:U.|.U|AA|DD) .*|.*\.rej$", status, re.MULTILINE) == []
    assert [name for name, text in service.contents().items() if re.search(rb"^(<{7}|>{7}) ", text, re.MULTILINE)] == []
    commit(service.root)


def failures(service: Project, *commands: tuple[str | Path, ...], **environment: str) -> list[str]:
    """What the commands that failed have said."""
    done = (service.run(*command, PYTHONDONTWRITEBYTECODE="1", **environment) for command in commands)
    return [each.stdout for each in done if each.returncode]


def devkit(service: Project, commands: Path, *arguments: str) -> tuple[str | Path, ...]:
    """A command of devkit, or in a service made before there was one, the module of its own that did the work."""
    if (service.root / "vendor").is_dir():
        return (commands / "devkit", *arguments)
    return (commands / "python", "-m", f"dev.{arguments[0]}", *arguments[1:])


def wheels_of(service: Project) -> dict[str, bytes]:
    """What stands in vendor/."""
    return {name: content for name, content in service.contents().items() if name.startswith("vendor/")}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The smallest and the largest shape, and with `--every-variant` the one between."""
    if "variant" in metafunc.fixturenames:
        shapes = SHAPES if metafunc.config.getoption("every_variant") else [SHAPES[0], SHAPES[-1]]
        metafunc.parametrize("variant", shapes, ids=title)


def test_service_with_a_resource_takes_every_later_release(
    releases: Path, service_commands: Path, tmp_path: Path, variant: Variant
) -> None:
    service = born(tmp_path, releases, variant, STARTS[0])
    promise_reading_lists(service)
    added = failures(service, *(devkit(service, service_commands, *step) for step in (GENERATE, SCAFFOLD)))
    commit(service.root)
    git(service.root, "tag", "v0.1.0")

    for release in [*STARTS[1:], *LATER]:
        update(service, release)
    gates = failures(
        service,
        (service_commands / "ruff", "check", "--no-cache", "."),
        (service_commands / "ruff", "format", "--check", "--no-cache", "."),
        devkit(service, service_commands, *GENERATE, "--check"),
        devkit(service, service_commands, "contract", "verify"),
    )

    require_success(*added, *gates)
    assert types(service, service_commands) == ""
    assert service.files() >= {"app/api/v1/reading_lists.py", *(f"app/core/{name}.py" for name in LATER)}
    assert all(f"A line of release {name.upper()}." in service.text("README.md") for name in LATER)
    assert wheels_of(service) == wheels_of(Project(releases / TREE))


def test_updated_service_with_a_resource_migrates_and_passes_every_gate(releases: Path, tmp_path: Path) -> None:
    service = born(tmp_path, releases, all_off(), WORK_TREE)
    promise_reading_lists(service, promised_with_more_in)
    lived = failures(
        service, (uv(), "sync", "--python", sys.executable), *((uv(), "run", "just", *step) for step in STEPS)
    )
    commit(service.root)
    git(service.root, "tag", "v0.1.0")

    for release in LATER:
        update(service, release)
    lived += failures(
        service,
        (uv(), "sync"),
        (uv(), "lock", "--check"),
        (uv(), "run", "just", "gate", *GATES, "compatibility"),
        (uv(), "run", "just", "test", "-n", "2", "tests/api/v1", "tests/api/test_queries.py", "tests/models"),
        **types_known(tmp_path / "mypy"),
    )

    require_success(*lived)
    assert "def test_list_begins_with_the_newest" in service.text("tests/api/v1/test_reading_lists.py")
    assert 'specifier = ">=6.0.12.20250102"' in service.text("uv.lock")


def test_upgrade_notes_are_where_a_service_says_they_are(releases: Path, tmp_path: Path) -> None:
    service = born(tmp_path, releases, all_off(), WORK_TREE)

    section = service.text("README.md").partition("## Take a newer template\n")[2]

    assert '`CHANGELOG.md` says\nunder "Upgrade notes"' in section
    assert "uvx cruft update\n" in section
    assert json.loads(service.text(".cruft.json"))["template"] == str(releases)
    assert "\n### Upgrade notes\n" in (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
