"""`just check` and `just gate` of a service."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.project import Project
from tests.recipes import Recipes, without_seconds
from tests.variants import Variant

GATES = (
    "good  echo fine",
    "# a line that says something",
    "",
    "blind echo no network; exit 75",
    "bad   echo broken; false",
    "last  echo end",
)


@pytest.fixture
def recipes(baked: Callable[[Variant], Project], tmp_path: Path, service_commands: Path) -> Recipes:
    made = Recipes(baked({}), tmp_path / "my service's", service_commands)
    made.set_gates(*GATES)
    return made


@pytest.mark.parametrize(
    ("command", "status", "ends"),
    [
        (["gate", "good"], 0, ["ok         0 s  good"]),
        (["gate", "last", "good"], 0, ["ok         0 s  last", "ok         0 s  good"]),
        (
            ["gate", "good", "blind"],
            75,
            ["ok         0 s  good", "NOT RUN    0 s  blind", "NOT RUN, see above why: blind"],
        ),
        (["gate", "bad", "last"], 1, ["FAILED     0 s  bad"]),
        (["gate", "blind", "bad"], 1, ["NOT RUN    0 s  blind", "FAILED     0 s  bad"]),
        (["check"], 1, ["ok         0 s  good", "NOT RUN    0 s  blind", "FAILED     0 s  bad"]),
        (
            ["check", "--except", "bad"],
            0,
            ["ok         0 s  good", "NOT RUN    0 s  blind", "ok         0 s  last", "NOT RUN, see above why: blind"],
        ),
        (
            ["check", "--except", "bad", "--except", "blind", "--complete"],
            0,
            ["ok         0 s  good", "ok         0 s  last"],
        ),
        (["check", "--complete", "--except", "bad", "--except", "last"], 75, ["NOT RUN, see above why: blind"]),
    ],
)
def test_gates_run_in_order_until_one_fails_and_what_could_not_look_is_reported(
    recipes: Recipes, command: list[str], status: int, ends: list[str]
) -> None:
    done = recipes.just(*command)

    assert done.returncode == status, done.stdout
    assert without_seconds(done.stdout).splitlines()[-len(ends) :] == ends


@pytest.mark.parametrize("tool", ["no-such-tool", "./of-a-folder-that-was-renamed", "./of-a-folder-with-this"])
def test_tool_that_is_not_there_is_reported_with_the_remedy(recipes: Recipes, tool: str) -> None:
    recipes.set_gates(f"tool  {tool}")
    for name, interpreter in (("renamed", "/no/such/folder/.venv/bin/python"), ("with-this", "/dev/null")):
        script = recipes.project.root / f"of-a-folder-{'that-was-' * (name == 'renamed')}{name}"
        script.write_text(f"#!{interpreter}\n")
        script.chmod(0o700)

    done = recipes.just("gate", "tool")

    assert done.returncode == 1
    assert "A tool is not there: uv sync. Where the folder was moved or renamed: rm -r .venv && uv sync" in done.stdout


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["gate", "good", "unknown"], "No gate is called unknown. There are:"),
        (["gate", "g..d"], "No gate is called g..d. There are:"),
        (["gate", "a"], "No gate is called a. There are:"),
        (
            ["check", "--except", "unknown"],
            "usage: just check [--complete] [--except GATE]..., a GATE being one of: good blind bad last",
        ),
        (["check", "--except"], "usage: just check"),
        (["check", "good"], "usage: just check"),
    ],
)
def test_unknown_gate_is_refused_before_anything_runs(recipes: Recipes, command: list[str], message: str) -> None:
    done = recipes.just(*command)

    assert done.returncode == 2
    assert message in done.stdout
    assert "== good" not in done.stdout


def test_list_of_gates_is_shown(recipes: Recipes) -> None:
    assert recipes.just("gate").stdout.rstrip() == "\n".join(GATES)


def test_environment_of_the_project_comes_before_the_path(recipes: Recipes) -> None:
    tool = recipes.project.root / ".venv" / "bin" / "tool"
    tool.parent.mkdir(parents=True)
    tool.write_text("#!/bin/sh\necho ours\n", encoding="utf-8")
    tool.chmod(0o755)
    recipes.set_gates("tool  tool")

    assert "== tool\nours\n" in recipes.just("gate", "tool").stdout
