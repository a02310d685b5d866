"""How devkit finds the service that it works on, and what it says where it cannot."""

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from devkit.tests.processes import SERVICE

from service_devkit.__main__ import COMMANDS, main
from service_devkit.environment import authorizations, development_secrets
from service_devkit.project import HOOKS, find_root, hook, tool


def test_root_is_the_nearest_folder_upwards_with_the_table(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = project / "app" / "api"
    inner.mkdir(parents=True)
    (project / "app" / "pyproject.toml").write_text("[tool.other]\n")

    monkeypatch.chdir(inner)

    assert find_root() == project


def test_tests_that_run_from_above_find_the_service_on_the_path(
    project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("above"))
    monkeypatch.syspath_prepend(str(project))

    assert find_root() == project


@pytest.mark.parametrize("arguments", [["contract", "lint"], ["scaffold", "books"], ["run"], ["reset-database"]])
def test_command_says_what_it_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(main, arguments)

    assert result.exit_code == 1
    assert "No service here: no pyproject.toml with [tool.devkit] in this folder or above it." in result.output


def test_help_names_every_command() -> None:
    result = CliRunner().invoke(main, ["--help"])

    assert result.exit_code == 0
    listed = [line.split()[0] for line in result.output.partition("Commands:\n")[2].splitlines()]
    assert listed == list(COMMANDS)


def test_unknown_command_is_a_usage_error() -> None:
    result = CliRunner().invoke(main, ["no-such-command"])

    assert result.exit_code == 2
    assert "No such command 'no-such-command'" in result.output


def test_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "service_devkit", "--version"], capture_output=True, text=True, check=True
    )

    assert done.stdout.startswith("devkit, version ")


def test_commands_run_in_the_root_from_any_folder_of_the_service(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "docs").mkdir()
    monkeypatch.chdir(project / "docs")

    result = CliRunner().invoke(main, ["secrets"])

    assert (result.exit_code, result.output) == (75, "NOT RUN: git sees no repository here\n")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("", 'app must be "package.module:function"; it makes the application'),
        ('app = "app.main"', 'app must be "package.module:function"'),
        ("app = 1", 'app must be "package.module:function"'),
        ('app = "no_such.module:create"', "app is no_such.module:create, and there is no module no_such."),
        ('app = "json.no_such:create"', "and there is no module json.no_such."),
        ('app = "json:no_such"', "app is json:no_such, and json has no no_such."),
    ],
)
def test_hook_that_is_wrong_is_named_with_its_file(tmp_path: Path, line: str, complaint: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.devkit]\n{line}\n")

    with pytest.raises(click.ClickException) as refusal:
        hook(tmp_path, "app")

    assert refusal.value.message.startswith(f"[tool.devkit] of {tmp_path / 'pyproject.toml'}: ")
    assert complaint in refusal.value.message


def test_import_that_fails_inside_of_a_hook_is_not_taken_for_a_missing_one(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.devkit]\napp = "broken_hook:create"\n')
    (tmp_path / "broken_hook.py").write_text("import no_such_dependency\n")

    with pytest.raises(ModuleNotFoundError, match="no_such_dependency"):
        hook(tmp_path, "app")


@pytest.mark.parametrize("content", [b"[tool", b"\xff\xfe"])
def test_file_that_is_no_toml_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pyproject.toml").write_bytes(content)

    with pytest.raises(click.ClickException, match=r"pyproject\.toml cannot be read: "):
        tool(tmp_path, "devkit")


def test_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match=r"pyproject\.toml cannot be read: .*No such file"):
        tool(tmp_path, "devkit")


def test_service_without_secrets_and_sign_in_needs_no_hooks(project: Path) -> None:
    assert development_secrets(project) == {}
    assert authorizations(project) == []


@pytest.mark.parametrize("name", [name for name in tool(SERVICE, "devkit") if name in HOOKS])
def test_every_hook_of_the_service_is_there(service: Path, name: str) -> None:
    assert callable(hook(service, name))
