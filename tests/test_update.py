"""A service stays tied to the template: cruft makes the same files, and brings a change of the template into them."""

import json
from pathlib import Path

from tests.conftest import Bake
from tests.project import Project
from tests.repository import commit, cruft, git


def test_cruft_makes_the_same_service(bake: Bake, repository: Path, tmp_path: Path) -> None:
    (tmp_path / "cruft").mkdir()

    cruft(tmp_path / "cruft", "create", str(repository), "--no-input", "--default-config")

    contents = Project(tmp_path / "cruft" / "my-service").contents()
    assert json.loads(contents.pop(".cruft.json"))["context"]["cookiecutter"]["project_slug"] == "my-service"
    assert contents == bake().contents()


def test_update_brings_a_change_of_the_template_and_leaves_no_rejects(repository: Path, tmp_path: Path) -> None:
    cruft(
        tmp_path,
        "create",
        str(repository),
        "--no-input",
        "--default-config",
        "--extra-context",
        '{"auth": "none", "port": "8100"}',
    )
    service = Project(tmp_path / "my-service")
    git(service.root, "init", "--quiet")
    (service.root / "app" / "mine.py").write_text('"""Ours."""\n')
    commit(service.root)
    errors = repository / "{{cookiecutter.project_slug}}" / "app" / "core" / "errors.py"
    errors.write_text(errors.read_text() + "\n# A later version of the template.\n")
    (errors.parent / "later.py").write_text('"""New in a later version."""\n')
    commit(repository)
    before = service.files()

    cruft(service.root, "update", "--skip-apply-ask")

    assert "# A later version of the template." in service.text("app/core/errors.py")
    assert {name for name in service.files() - before if not name.startswith(".git/")} == {"app/core/later.py"}
