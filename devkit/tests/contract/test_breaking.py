"""What breaks the clients of an older contract, and what does not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from devkit.tests.contract.books import CONTRACT, load, publish

from service_devkit.contract.breaking import breaking_changes
from service_devkit.contract.commands import contract
from service_devkit.contract.operations import operations
from service_devkit.contract.release import allows_breaking, last_release


@pytest.mark.parametrize(
    ("part", "instead", "change"),
    [
        ("    post:", "    put:", "POST /books: is gone"),
        ("operationId: add_book", "operationId: create_book", 'POST /books: operationId: "add_book" became "create_book"'),
        ("name: X-Key", "name: X-Token", "GET /books: security: callers must sign in another way"),
        ("name: limit, in: query", "name: size, in: query", "GET /books: query limit: is no longer taken"),
        ("name: limit, in: query", "name: limit, required: true, in: query", "GET /books: query limit: must be sent now"),
        ("maximum: 100", "maximum: 50", "GET /books: query limit: maximum 100 became 50"),
        ("minimum: 1, ", "minimum: 2, ", "GET /books: query limit: minimum 1 became 2"),
        ("requestBody:\n        required: true\n        content: {application/json", "requestBody:\n        required: true\n        content: {text/json", "POST /books: request body: application/json is no longer taken"),
        ("required: [title, kind]", "required: [title, kind, note]", "POST /books: request body > note: must be sent now"),
        ("required: [title, kind]", "required: [title]", "GET /books: 200 > items > kind: may be missing now"),
        ("        note: {", "        remark: {", "POST /books: request body > note: is no longer taken"),
        ("        note: {", "        remark: {", "GET /books: 200 > items > note: is gone"),
        ("enum: [novel, essay]", "enum: [novel]", "POST /books: request body > kind: no longer takes essay"),
        ("enum: [novel, essay]", "enum: [novel, essay, poem]", "GET /books: 200 > items > kind: can be poem now"),
        ("title: {type: string", "title: {type: integer", 'POST /books: request body > title: type "string" became "integer"'),
        ("title: {type: string", "title: {type: integer", 'GET /books: 200 > items > title: type "string" became "integer"'),
        ("maxLength: 200", "maxLength: 20", "POST /books: request body > title: maxLength 200 became 20"),
        ('"201": ', '"200": ', "POST /books: 201: is no longer answered"),
        ('"201": ', '"200": ', "POST /books: 200: is a new answer"),
        ("headers: {X-Total: {schema: {type: integer}}}", "headers: {}", "GET /books: 200: the header x-total is gone"),
    ],
)  # fmt: skip
def test_change_that_breaks_clients_is_reported(tmp_path: Path, part: str, instead: str, change: str) -> None:
    assert part in CONTRACT
    old, new = load(tmp_path, CONTRACT), load(tmp_path, CONTRACT.replace(part, instead))

    assert change in list(breaking_changes(operations(old), operations(new)))


@pytest.mark.parametrize(
    ("part", "instead"),
    [
        ("summary: Books, newest first", "summary: The books"),
        ("maximum: 100", "maximum: 500"),
        ("minimum: 1, ", ""),
        ("        note: {", "        remark: {type: string}\n        note: {"),
        ('        "422": {$ref', '        "409": {$ref: "#/components/responses/Refused"}\n        "422": {$ref'),
        ("  /books:", "  /authors: {get: {operationId: list_authors, responses: {200: {description: Authors}}}}\n  /books:"),
        ("default: 20", "default: 10"),
    ],
    ids=["words", "a wider limit", "no limit", "another field", "another error", "another operation", "another default"],
)  # fmt: skip
def test_change_that_clients_survive_is_not_told(tmp_path: Path, part: str, instead: str) -> None:
    assert part in CONTRACT
    old, new = load(tmp_path, CONTRACT), load(tmp_path, CONTRACT.replace(part, instead))

    assert list(breaking_changes(operations(old), operations(new))) == []


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [
        ("1.2.3", "2.0.0", True),
        ("1.2.3", "1.3.0", False),
        ("0.1.0", "0.2.0", True),
        ("0.1.0", "0.1.1", False),
        ("0.9.0", "1.0.0", True),
        ("2.0.0", "1.0.0", False),
        ("none", "1.0.0", False),
    ],
)
def test_breaking_change_needs_a_version_that_says_so(old: str, new: str, allowed: bool) -> None:
    assert allows_breaking(old, new) is allowed


@pytest.fixture
def released(project: Path) -> Path:
    """A repository whose contract was released as v1.2.0; the path of the contract."""
    path = publish(project, CONTRACT.replace('version: "1"', 'version: "1.2.0"'))
    git = ("git", "-c", "user.name=Test", "-c", "user.email=test@example.com")
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "one"], ["tag", "v1.2.0"]):
        subprocess.run([*git, *command], cwd=project, check=True)  # noqa: S603 - our own commands
    return path


def _change(path: Path, part: str, instead: str) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace(part, instead), encoding="utf-8")


def test_unchanged_contract_is_compatible_with_its_release(released: Path) -> None:
    result = CliRunner().invoke(contract, ["breaking"])

    assert released.exists()
    assert (result.exit_code, result.output) == (
        0,
        "breaking changes since v1.2.0: 0; the version went from 1.2.0 to 1.2.0\n",
    )


def test_breaking_change_without_a_major_version_fails(released: Path) -> None:
    _change(released, "maximum: 100", "maximum: 50")
    _change(released, "1.2.0", "1.3.0")

    result = CliRunner().invoke(contract, ["breaking"])

    assert result.exit_code == 1
    assert "GET /books: query limit: maximum 100 became 50" in result.output
    assert "give the contract a new major version" in result.output


def test_breaking_change_with_a_major_version_is_listed_and_passes(released: Path) -> None:
    _change(released, "maximum: 100", "maximum: 50")
    _change(released, "1.2.0", "2.0.0")

    result = CliRunner().invoke(contract, ["breaking"])

    assert result.exit_code == 0
    assert "breaking changes since v1.2.0: 2; the version went from 1.2.0 to 2.0.0" in result.output


def test_before_the_first_release_nothing_breaks(project: Path) -> None:
    publish(project)

    result = CliRunner().invoke(contract, ["breaking"])

    assert result.exit_code == 0
    assert "no release tag such as v1.0.0 yet" in result.output


def test_tag_that_is_not_there_is_an_error(released: Path) -> None:
    result = CliRunner().invoke(contract, ["breaking", "--since", "v9.9.9"])

    assert released.exists()
    assert (result.exit_code, result.output) == (1, "v9.9.9: no contract to compare with\n")


def test_tags_of_other_projects_are_not_ours(released: Path) -> None:
    root = released.parents[1]
    for tag in ("v9.0.0", "books-v1.1.0", "books-v1.0.0"):
        subprocess.run(["git", "tag", tag], cwd=root, check=True)  # noqa: S603, S607 - our own command
    with (root / "pyproject.toml").open("a") as file:
        file.write('\n[tool.commitizen]\ntag_format = "books-v$version"\n')

    assert last_release(root) == "books-v1.1.0"


def test_clone_without_its_history_is_no_pass(released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shallow = tmp_path / "shallow"
    command = ["git", "clone", "--quiet", "--depth", "1", "--no-tags", released.parents[1].as_uri(), str(shallow)]
    subprocess.run(command, cwd=tmp_path, check=True)  # noqa: S603 - our own command
    monkeypatch.chdir(shallow)

    result = CliRunner().invoke(contract, ["breaking"])

    assert result.exit_code == 75
    assert "NOT RUN: this clone has no history" in result.output


@pytest.mark.parametrize("command", ["tag", "show"])
def test_git_that_fails_is_an_error_and_not_a_contract_without_changes(
    released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    _change(released, "enum: [novel, essay]", "enum: [novel]")
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(
        f'#!/bin/sh\n[ "$1" = {command} ] && echo "fatal: cannot fork" >&2 && exit 128\nexec {shutil.which("git")} "$@"\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")

    result = CliRunner().invoke(contract, ["breaking"])

    assert result.exit_code == 1
    assert f"git {command} failed: fatal: cannot fork" in result.output


def test_same_lost_value_is_reported_whatever_the_order_of_hashes(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib\n"
        "from service_devkit.contract.document import parse\n"
        "from service_devkit.contract.operations import operations\n"
        "from service_devkit.contract.breaking import breaking_changes\n"
        "old = pathlib.Path(sys.argv[1]).read_text()\n"
        "new = old.replace('enum: [novel, essay]', 'enum: [novel]')\n"
        "print(*breaking_changes(*(operations(parse(text, name='it')) for text in (old, new))), sep='\\n')\n"
    )
    (tmp_path / "old.yaml").write_text(CONTRACT)
    said = {
        subprocess.run(  # noqa: S603 - our own script
            [sys.executable, "-c", script, str(tmp_path / "old.yaml")],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "42")
    }

    assert said == {"POST /books: request body > kind: no longer takes essay\n"}
