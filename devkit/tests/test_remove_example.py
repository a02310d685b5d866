"""Taking the example out: all of it or nothing. That what is left is the service without it is seen by the template."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from devkit.tests.processes import SERVICE

from service_devkit import remove_example as command
from service_devkit.remove_example import digest

EXAMPLE = "example00001"
MIGRATION = f'''
revision = "{EXAMPLE}"
down_revision = "first0000001"
def upgrade() -> None:
    """Go forward."""
    CREATE = 1


def downgrade() -> None:
    """Go back."""
    DROP = 1
'''
GRANTS = "READ = 1\n# Of the example.\nPLANS_READ = 2\nWRITE = 3\n"
CONTRACT = """
paths: {}
components:
  responses:
    NotFound: {}
    Conflict: {}
"""
BLOCKS = {
    "app/grants.py": ["# Of the example.", "PLANS_READ = 2"],
    "contracts/openapi.yaml": ["    Conflict: {}"],
}
OTHERS = {
    "app/grants.py": GRANTS,
    "contracts/openapi.yaml": CONTRACT,
    "docs/history.md": "We began with study plans.\n",
    ".cruft.json": '{"context": {"example": true, "auth": "none"}}\n',
}


REVISION = """
revision = {revision!r}
down_revision = {after!r}
def upgrade():
    pass
def downgrade():
    pass
"""


class Project:
    """A folder with revisions made up here."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.versions = root / "alembic" / "versions"
        self.versions.mkdir(parents=True)
        shutil.copyfile(SERVICE / "alembic.ini", root / "alembic.ini")

    def add(self, *, revision: str, after: str | None) -> Path:
        path = self.versions / f"20261121_{revision}_test.py"
        path.write_text(REVISION.format(revision=revision, after=after), encoding="utf-8")
        return path


@pytest.fixture
def example(project: Path) -> Project:
    """A service in git with an example of two files and two blocks."""
    example = Project(project)
    example.add(revision="first0000001", after=None)
    path = example.add(revision=EXAMPLE, after="first0000001")
    path.write_text(MIGRATION, encoding="utf-8")
    migration = path.relative_to(project).as_posix()
    files = [migration, "app/plans/study_plans.py", command.PARTS]
    blocks = {
        name: [{"first": lines[0], "lines": len(lines), "sha256": digest(lines)}] for name, lines in BLOCKS.items()
    }
    parts = json.dumps({"trace": "study[ _-]?plan|plans[:_]read", "files": files, "blocks": blocks})
    for name, text in {**OTHERS, "app/plans/study_plans.py": "STUDY_PLANS = 1\n", command.PARTS: parts}.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    _git(project, "init", "--quiet")
    return example


def _git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-c", "user.name=T", "-c", "user.email=t@example.com", *arguments], cwd=root, check=True)  # noqa: S603, S607 - git from PATH, with our own arguments


def _contents(root: Path) -> dict[str, str]:
    unread = {".git", "__pycache__"}  # Python leaves bytecode wherever nothing forbids it
    files = (path for path in root.rglob("*") if path.is_file() and unread.isdisjoint(path.relative_to(root).parts))
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in files}


def _remove(*arguments: str) -> Result:
    return CliRunner().invoke(command.remove_example, arguments)


def test_example_goes_and_all_else_stays(example: Project) -> None:
    before = _contents(example.root)

    done = _remove("--force")

    after = _contents(example.root)
    assert done.exit_code == 0, done.output
    assert after.pop("app/grants.py") == "READ = 1\nWRITE = 3\n"
    assert after.pop("contracts/openapi.yaml") == CONTRACT.replace("    Conflict: {}\n", "")
    assert after.pop(".cruft.json") == '{"context": {"example": false, "auth": "none"}}\n'
    assert before.keys() - after.keys() > {"app/plans/study_plans.py", command.PARTS}
    assert after.items() < before.items()
    assert not (example.root / "app" / "plans").exists()


def test_what_it_has_brought_together_with_another_answer_goes_too(example: Project) -> None:
    own = example.root / "app" / "plans" / "summaries.py"
    own.write_text("SUMMARIES = 1\n", encoding="utf-8")
    lines = ["WRITE = 3"]
    blocks = {"app/grants.py": [{"first": lines[0], "lines": 1, "sha256": digest(lines)}]}
    parts = example.root / ".devkit" / "example_llm.json"
    files = ["app/plans/summaries.py", ".devkit/example_llm.json"]
    keeps = ["app/plans/waiting.py"]
    (example.root / keeps[0]).write_text("WAITING = 1\n", encoding="utf-8")
    of_example = json.loads((example.root / command.PARTS).read_text(encoding="utf-8"))
    of_example["files"] += keeps
    (example.root / command.PARTS).write_text(json.dumps(of_example), encoding="utf-8")
    parts.write_text(json.dumps({"trace": "", "files": files, "keeps": keeps, "blocks": blocks}), encoding="utf-8")

    done = _remove("--force")

    assert done.exit_code == 0, done.output
    assert (example.root / keeps[0]).exists()
    assert (example.root / "app/grants.py").read_text(encoding="utf-8") == "READ = 1\n"
    assert not own.exists()
    assert not parts.exists()


def test_migration_stays_for_databases_that_have_its_tables(example: Project) -> None:
    example.add(revision="later0000001", after=EXAMPLE)

    done = _remove("--force", "--keep-migration")

    assert done.exit_code == 0, done.output
    (drop,) = example.versions.glob("*_drop_example.py")
    assert len(list(example.versions.glob("*.py"))) == 4
    assert 'down_revision: str | None = "later0000001"\n' in drop.read_text(encoding="utf-8")
    assert 'Go forward."""\n    DROP = 1\n' in drop.read_text(encoding="utf-8")
    assert 'Go back."""\n    CREATE = 1\n' in drop.read_text(encoding="utf-8")


def _edit(name: str, old: str, new: str) -> Callable[[Project], None]:
    def edit(example: Project) -> None:
        path = example.root / name
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    return edit


def _follow(example: Project) -> None:
    example.add(revision="later0000001", after=EXAMPLE)


def _break(example: Project) -> None:
    example.add(revision="later0000001", after="nowhere")


@pytest.mark.parametrize(
    ("change", "obstacle"),
    [
        pytest.param(
            _edit("app/grants.py", "PLANS_READ = 2", "PLANS_READ = 4"),
            "app/grants.py: the 2 lines from '# Of the example.' on were changed",
            id="edited block",
        ),
        pytest.param(
            _edit("contracts/openapi.yaml", "    Conflict: {}\n", "    Conflict: {}\n" * 2),
            "contracts/openapi.yaml: the 1 lines from 'Conflict: {}' on stand there 2 times",
            id="doubled block",
        ),
        pytest.param(
            _edit("app/grants.py", "WRITE = 3", "from app.study_plans import x"),
            "app/grants.py: uses the example: from app.study_plans import x",
            id="import",
        ),
        pytest.param(
            _edit("contracts/openapi.yaml", "paths: {}", "paths: {$ref: '#/components/responses/Conflict'}"),
            "contracts/openapi.yaml: uses the example's #/components/responses/Conflict",
            id="reference",
        ),
        pytest.param(
            _edit("contracts/openapi.yaml", "paths: {}", "paths: {"), "openapi.yaml:4: not YAML", id="no contract"
        ),
        pytest.param(
            _follow,
            "later0000001_test.py: follows the example's migration. If a database that must keep its data has been migrated, "
            'use --keep-migration; else write "first0000001" for "example00001" here',
            id="later migration",
        ),
        pytest.param(_break, "nowhere", id="broken migrations"),
    ],
)
def test_what_stands_in_the_way_is_named_and_nothing_changed(
    example: Project, change: Callable[[Project], None], obstacle: str
) -> None:
    change(example)
    before = _contents(example.root)

    done = _remove("--force")

    assert done.exit_code == 1
    assert obstacle in done.output
    assert _contents(example.root) == before


def test_migration_with_other_functions_is_named_and_nothing_changed(example: Project) -> None:
    (path,) = example.root.rglob("*example00001*")
    path.write_text(MIGRATION.replace('    """Go forward."""\n', ""), encoding="utf-8")
    before = _contents(example.root)

    done = _remove("--force", "--keep-migration")

    assert (done.exit_code, _contents(example.root)) == (1, before)
    assert f"{path.name}: upgrade and downgrade are not as they were" in done.output


@pytest.mark.parametrize("option", ["--force", "--keep-migration"])
@pytest.mark.parametrize("interruption", [OSError, KeyboardInterrupt])
def test_interrupted_removal_is_taken_back(
    example: Project, monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException], option: str
) -> None:
    before = _contents(example.root)
    unlink = Path.unlink

    def fail_at_the_last(path: Path, missing_ok: bool = False) -> None:
        if path.name == "example.json":
            raise interruption
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", fail_at_the_last)

    done = _remove("--force", option)

    assert done.exit_code != 0
    assert _contents(example.root) == before


def test_work_that_git_could_not_bring_back_is_refused(example: Project) -> None:
    uncommitted = _remove()
    _git(example.root, "add", ".")
    _git(example.root, "commit", "--quiet", "--message", "all")
    committed = _remove()

    assert "not committed: .cruft.json, " in uncommitted.output
    assert uncommitted.exit_code == 1
    assert committed.exit_code == 0, committed.output


def test_folder_that_is_no_git_repository_is_refused(example: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)

    refused = _remove()

    assert "this is not a git repository" in refused.output
    assert (example.root / command.PARTS).exists()
