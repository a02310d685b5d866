"""The gates stop at the first failure and say how to mend it; each one fails on what it forbids."""

import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from dev import gates
from dev.gates import GATES, ROOT, run, run_until_failure
from dev.outcomes import Gate, Outcome, table

GOOD = Gate("good", "nothing", ("python", "-c", "print('well')"), "do nothing")
BLIND = Gate("blind", "unknown", ("python", "-c", "print('no network'); raise SystemExit(75)"), "wait")
BAD = Gate("bad", "something", ("python", "-c", "raise SystemExit('broken')"), "repair it")


@pytest.fixture(autouse=True)
def _unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """The projects made up here have an `app` too, which would end up in the coverage of the real one."""
    for name in ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"):
        monkeypatch.delenv(name, raising=False)


def named(name: str) -> Gate:
    return next(gate for gate in GATES if gate.name == name)


def make_project(root: Path, files: dict[str, str]) -> None:
    shutil.copyfile(ROOT / "pyproject.toml", root / "pyproject.toml")
    for name in ("app/__init__.py", "dev/__init__.py", "tests/__init__.py", "alembic/env.py", *files):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files.get(name, ""), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "files", "expected"),
    [
        ("format", {"app/work.py": "x=1\n"}, "app/work.py"),
        ("lint", {"app/work.py": "import os\n"}, "F401"),
        ("lint", {"app/work.py": 'def run(text: str) -> None:\n    """Run."""\n    exec(text)\n'}, "S102"),
        ("lint", {"app/work.py": "SQL = \"SELECT * FROM users WHERE name = '%s'\" % input()\n"}, "S608"),
        ("types", {"app/work.py": "def work() -> int:\n    return ''\n"}, "app/work.py:2: error"),
        ("types", {"app/work.py": "def work(x):\n    return x\n"}, "no-untyped-def"),
        ("dependencies", {"app/work.py": "import flask\n"}, "DEP001 'flask' imported but missing"),
        (
            "dependencies",
            {"app/work.py": "import pytest\n"},
            "DEP004 'pytest' imported but declared as a dev dependency",
        ),
        ("dependencies", {}, "DEP002 'fastapi' defined as a dependency but not used"),
        (
            "tests",
            {
                "app/work.py": "def work() -> int:\n    return 1\n",
                "tests/test_work.py": "import app.work\n\ndef test_work() -> None:\n    pass\n",
            },
            "total of 50",
        ),
    ],
)
def test_gate_fails_on_what_it_forbids(tmp_path: Path, name: str, files: dict[str, str], expected: str) -> None:
    make_project(tmp_path, files)

    outcome = run(named(name), show=False, root=tmp_path)

    assert outcome.state == "FAILED"
    assert expected in outcome.output


def test_layers_fail_on_each_import_that_they_forbid(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    for name, line in {
        "app/core/errors.py": "import app.db.engine",
        "app/db/engine.py": "import dev.gates",
        "app/schemas/users.py": "import sqlalchemy",
        "app/services/users.py": "import fastapi",
        "app/api/v1/users.py": "import sqlalchemy",
    }.items():
        with (tmp_path / name).open("a", encoding="utf-8") as module:
            module.write(f"\n{line}\n")

    outcome = run(named("layers"), show=False, root=tmp_path)

    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    assert [contract["name"] for contract in contracts if f"{contract['name']} BROKEN" not in outcome.output] == []


def test_layers_fail_on_a_package_without_a_place(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    (tmp_path / "app" / "attic.py").write_text("")

    outcome = run(named("layers"), show=False, root=tmp_path)

    assert outcome.state == "FAILED"
    assert "attic" in outcome.output


def test_gates_after_a_failure_are_skipped() -> None:
    reported: list[Outcome] = []

    outcomes = run_until_failure((GOOD, BAD, GOOD), show=False, report=reported.append)

    assert [outcome.state for outcome in outcomes] == ["ok", "FAILED", "skipped"]
    assert [outcome.gate.name for outcome in reported] == ["good", "bad"]


def test_table_has_a_line_for_each_gate_and_the_total() -> None:
    text = table([Outcome(GOOD, "ok", 1.25), Outcome(BAD, "FAILED", 0.5), Outcome(GOOD, "skipped")])

    assert text.splitlines() == [
        "good          ok          1.2 s   nothing",
        "bad           FAILED      0.5 s   something",
        "good          skipped             nothing",
        "all           FAILED      1.8 s",
    ]


def test_failing_check_shows_the_output_and_how_to_mend_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "GATES", (GOOD, BAD))

    result = CliRunner().invoke(gates.check, [])

    assert result.exit_code == 1
    assert "broken\nTo mend bad: repair it.\n" in result.output
    assert "well" not in result.output


def test_check_that_finds_nothing_succeeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "GATES", (GOOD,))

    assert CliRunner().invoke(gates.check, []).exit_code == 0


def test_gate_that_could_not_run_stops_nothing_and_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "GATES", (BLIND, GOOD))

    result = CliRunner().invoke(gates.check, [])

    assert result.exit_code == 0
    assert "NOT RUN blind" in result.output
    assert "no network\nok      good" in result.output
    assert "all           NOT RUN " in result.output


@pytest.mark.parametrize(("chosen", "expected"), [((BLIND, GOOD), 75), ((BLIND, BAD), 1), ((GOOD,), 0)])
def test_complete_check_ends_with_a_status_of_its_own_if_a_gate_could_not_run(
    monkeypatch: pytest.MonkeyPatch, chosen: tuple[Gate, ...], expected: int
) -> None:
    monkeypatch.setattr(gates, "GATES", chosen)

    assert CliRunner().invoke(gates.check, ["--complete"]).exit_code == expected


def test_warning_of_a_gate_that_passed_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    warned = Gate("warned", "much", ("python", "-c", "print('warning: soon\\nwell')"), "read")
    monkeypatch.setattr(gates, "GATES", (warned,))

    result = CliRunner().invoke(gates.check, [])

    assert "warning: soon\n" in result.output
    assert "well" not in result.output


def test_unknown_gate_is_refused_with_the_names() -> None:
    result = CliRunner().invoke(gates.gate, ["beauty"])

    assert result.exit_code == 2
    assert "'format', 'lint', 'sizes'" in result.output


def test_list_names_every_gate_and_runs_none() -> None:
    result = CliRunner().invoke(gates.check, ["--list"])

    assert [line.split()[0] for line in result.output.splitlines() if not line.startswith(" ")] == [
        "format",
        "lint",
        "sizes",
        "types",
        "layers",
        "imports",
        "dependencies",
        "licences",
        "secrets",
        "audit",
        "migrations",
        "contract-lint",
        "schemas",
        "contract",
        "compatibility",
        "fuzz",
        "performance",
        "tests",
        "tools",
    ]


def test_check_leaves_out_what_it_is_told_to() -> None:
    result = CliRunner().invoke(gates.check, ["--list", "--except", "tests", "--except", "fuzz"])

    listed = [line.split()[0] for line in result.output.splitlines() if not line.startswith(" ")]
    assert [gate.name for gate in GATES if gate.name not in listed] == ["fuzz", "tests"]


def test_check_runs_all_but_the_gate_that_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "GATES", (replace(GOOD, name="types"), replace(BAD, name="tests")))

    assert CliRunner().invoke(gates.check, ["--except", "tests"]).exit_code == 0
    assert CliRunner().invoke(gates.check, ["--except", "types"]).exit_code == 1
