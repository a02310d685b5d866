"""`devkit finish`: a change comes to main whole, or main stays as it is and the next step is named."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from devkit.tests.workflow.changes import CONTRACT, feature, main_of, operation, revision
from devkit.tests.workflow.conftest import Service


def test_change_comes_to_main_and_its_worktree_goes(service: Service) -> None:
    there = feature(service, "plans")

    done = service.devkit("finish", cwd=there)

    assert done.exit_code == 0, done.output
    assert (service.root / "plans.py").exists()
    assert service.git("status", "--porcelain") == ""
    assert service.git("branch", "--list") == "* main"
    assert not there.exists()
    assert service.registry() == []
    assert sorted(path.name for path in (service.root / ".git/devkit").glob("*.json")) == ["worktrees.json"]


def test_finish_says_what_was_done_and_drafts_the_pull_request(service: Service) -> None:
    there = feature(service, "plans")
    service.commit("fix(api): answer 404", {"b.py": ""}, cwd=there)

    found = service.facts("finish", "plans")

    assert [each.split(" ", 1)[1] for each in found["commits"]] == ["feat: add plans", "fix(api): answer 404"]
    assert found["operations"] == {"added": ["GET /plans"], "changed": [], "removed": []}
    assert found["migrations"] == ["alembic/versions/plans.py"]
    assert found["main"] == main_of(service)
    assert found["pull_request"]["title"] == "feat: add plans"
    assert found["pull_request"]["body"] == (
        "## Added\n\n- add plans\n\n## Fixed\n\n- answer 404\n\n## Operations\n\n- Added: `GET /plans`\n\n"
        "## Migrations\n\n- `alembic/versions/plans.py`\n\n## How to verify\n\n1. `test ! -e red` is green.\n"
        "2. `just dev`, then at /docs: `GET /plans`."
    )


def test_draft_says_why_from_the_specification(service: Service) -> None:
    there = feature(service, "plans")
    plan = "---\nentities: [plans]\n---\n\n# Plans\n\n## What people can do when it is there\n\nMake plans.\n\n## What it is not\n\nX\n"
    tasks = "# Tasks\n\n## Setup\n\n- [x] T001 Promise in `a`\n- [ ] T002 Test in `b` (after T001)\n"
    service.commit("docs: plan", {"specs/001-plans/plan.md": plan, "specs/001-plans/tasks.md": tasks}, cwd=there)

    body = service.facts("finish", "plans")["pull_request"]["body"]

    assert body.startswith("## Why\n\nMake plans.\n\nPlan: `specs/001-plans/plan.md`, 1 of 2 tasks done.\n\n## Added\n")


def test_two_that_add_an_operation_and_a_migration_both_come_to_main_with_one_head(service: Service) -> None:
    feature(service, "plans"), feature(service, "notes")

    first, second = service.facts("finish", "plans"), service.facts("finish", "notes")

    assert first["ok"], first
    assert second["ok"], second
    assert (second["resolved"], second["moved_migration"]) == (["contracts/openapi.yaml"], "alembic/versions/notes.py")
    assert (service.root / "contracts/openapi.yaml").read_text() == CONTRACT + operation("notes") + operation("plans")
    assert (service.root / "alembic/versions/plans.py").read_text() == revision("plans", "base")
    assert 'down_revision: str | None = "plans"\n' in (service.root / "alembic/versions/notes.py").read_text()
    assert service.git("status", "--porcelain") == ""


def test_red_gates_leave_main_and_the_state(service: Service) -> None:
    there, main = feature(service, "plans"), main_of(service)
    service.commit("feat: red", {"red": ""}, cwd=there)

    red = service.facts("finish", "plans")
    after = main_of(service)
    (there / "red").unlink()
    service.commit("fix: green", {}, cwd=there)
    green = service.facts("finish", "--resume", "plans")

    assert (
        "the gates are red before main is moved: `test ! -e red` ended with status 1; nothing is merged" in red["error"]
    )
    assert red["next"] == f"cd {there}, fix it, git commit, then devkit finish --resume; or devkit finish --abort"
    assert after == main
    assert green["ok"], green


def test_gates_that_are_red_on_the_merged_files_only_leave_main(service: Service) -> None:
    there = feature(service, "plans")
    service.commit("feat: red on main", {"red": ""})
    main = main_of(service)

    red = service.facts("finish", "plans")
    merged = service.git("log", "-1", "--format=%s", cwd=there)
    foreseen = service.facts("finish", "plans", "--abort", "--dry-run")
    kept = service.git("log", "-1", "--format=%s", cwd=there)
    aborted = service.facts("finish", "plans", "--abort")

    assert "the gates are red after the merge" in red["error"]
    assert (foreseen["dry_run"], kept) == (True, merged)
    assert merged != "feat: add plans"
    assert main_of(service) == main
    assert aborted["ok"], aborted
    assert service.git("log", "-1", "--format=%s", cwd=there) == "feat: add plans"


def test_gates_of_a_commit_run_once(service: Service) -> None:
    text = (service.root / "pyproject.toml").read_text()
    counting = text.replace('gates = "test ! -e red"', f"gates = 'echo x >> \"{service.root}/.git/runs\"'", 1)
    service.commit("chore: gates", {"pyproject.toml": counting})
    feature(service, "plans")
    service.killed("finish:Finish.land", "finish", "plans")

    service.facts("finish", "--resume", "plans")

    assert (service.root / ".git/runs").read_text() == "x\n"


USES = "import a\nimport old\n\nX = old.x\n\n\n\nY = a.y\n"
WITHOUT_OLD = USES.replace("old", "new")


@pytest.mark.parametrize(
    ("main", "branch", "kind"),
    [
        (WITHOUT_OLD, USES.replace("a.y", "a.y + old.y"), "F821 in line 8, Undefined name `old`"),
        (WITHOUT_OLD, USES.replace("import a\n", "import a\nimport b\n") + "\nZ = old.z + b.z\n", "F821 in line 11, Undefined name `old`"),
    ],
)  # fmt: skip
def test_merged_file_that_lint_refuses_is_a_conflict_before_the_gates(
    service: Service, main: str, branch: str, kind: str
) -> None:
    service.commit("feat: uses", {"uses.py": USES})
    there = service.start("feature/uses")
    service.commit("feat: more", {"uses.py": branch}, cwd=there)
    service.commit("refactor: main", {"uses.py": main})
    before = main_of(service)

    found = service.facts("finish", "uses")
    again = service.facts("finish", "uses", "--resume")
    (there / "uses.py").write_text(main)
    solved = service.facts("finish", "uses", "--resume")

    assert [(each["path"], each["kind"]) for each in found["conflicts"]] == [
        ("uses.py", f"lint of the merged file: {kind}")
    ]
    assert again["conflicts"] == found["conflicts"]
    assert service.git("rev-parse", "main^{/refactor: main}") == before
    assert solved["ok"], solved


def test_lint_that_a_side_had_before_is_no_conflict(service: Service) -> None:
    service.commit("feat: uses", {"uses.py": USES})
    service.start("feature/uses")
    service.commit("feat: more", {"uses.py": "import none\n" + USES}, cwd=service.root / ".worktrees/uses")
    service.commit("feat: main", {"uses.py": USES + "\n\nl = 1\n"})

    assert service.facts("finish", "uses")["ok"]


Files = Mapping[str, str | None]


@pytest.mark.parametrize(
    ("base", "main", "branch", "path", "kind"),
    [
        ({"a.py": "A = 1\n"}, {"a.py": "A = 2\n"}, {"a.py": "A = 3\n"}, "a.py", "both changed the same lines"),
        ({"a.py": "A = 1\n"}, {"a.py": "A = 1\n\n\ndef f():\n    return 1\n"}, {"a.py": "A = 1\n\n\ndef f():\n    return 2\n"}, "a.py", "both added f"),
        ({}, {"n.py": "A = 1\n"}, {"n.py": "B = 1\n"}, "n.py", "both added this file"),
        ({"d.py": "A = 1\n"}, {"d.py": None}, {"d.py": "A = 2\n"}, "d.py", "modify/delete: "),
        ({"d.py": "A = 1\n"}, {"d.py": "A = 2\n"}, {"d.py": None}, "d.py", "modify/delete: "),
        ({"t.txt": "a\n"}, {"t.txt": "b\n"}, {"t.txt": "c\n"}, "t.txt", "contents: "),
        ({"b.bin": "\0a"}, {"b.bin": "\0b"}, {"b.bin": "\0c"}, "b.bin", "contents: "),
        ({"r.py": "A = 1\nB = 2\nC = 3\n"}, {"r.py": None, "r1.py": "A = 1\nB = 2\nC = 3\n"}, {"r.py": None, "r2.py": "A = 1\nB = 2\nC = 3\n"}, "r.py", "rename/rename: "),
        ({}, {"x": "a\n"}, {"x/y": "b\n"}, "x", "file/directory: "),
        ({"c/openapi.yaml": "a: 1\n"}, {"c/openapi.yaml": "a: 1\nb: 1\n"}, {"c/openapi.yaml": "a: 1\nb: 2\n"}, "c/openapi.yaml", "both added b"),
    ],
)  # fmt: skip
def test_conflict_is_known_before_a_gate_runs_and_said_by_file_and_kind(
    service: Service, *, base: Files, main: Files, branch: Files, path: str, kind: str
) -> None:
    _write(service, service.root, base)
    there = service.start("feature/one")
    _write(service, service.root, main)
    _write(service, there, {**branch, "red": ""})
    at = main_of(service)

    dry, found = service.facts("finish", "one", "--dry-run"), service.facts("finish", "one")
    aborted = service.facts("finish", "one", "--abort")

    for each in (dry, found):
        assert path in [conflict["path"].partition("~")[0] for conflict in each["conflicts"]], each
        assert kind in "\n".join(conflict["kind"] for conflict in each["conflicts"]) + "\n".join(each["details"])
        assert "nothing is merged into main" in each["error"]
    assert main_of(service) == at
    assert aborted["ok"], aborted
    assert service.git("status", "--porcelain", cwd=there) == ""


def _write(service: Service, folder: Path, files: Files) -> None:
    for name, text in files.items():
        if text is None:
            (folder / name).unlink()
    service.commit("feat: change", {name: text for name, text in files.items() if text is not None}, cwd=folder)


def test_conflict_shows_both_sides_and_is_resolved_by_hand(service: Service) -> None:
    there = service.start("feature/one")
    _write(service, there, {"a.py": "A = 2\n"})
    _write(service, service.root, {"a.py": "A = 3\n"})

    said = service.devkit("finish", "one").stderr
    unfinished = service.facts("finish", "one", "--resume")
    (there / "a.py").write_text("A = 5\n")
    not_added = service.facts("finish", "one", "--resume")
    service.git("add", "a.py", cwd=there)
    done = service.facts("finish", "one", "--resume")

    assert "a.py: both changed the same lines" in said
    assert "this branch | A = 2" in said
    assert "main | A = 3" in said
    assert unfinished["error"] == not_added["error"] == "1 files still have conflicts"
    assert unfinished["details"] == ["a.py"]
    assert done["ok"], done
    assert (service.root / "a.py").read_text() == "A = 5\n"


def test_marker_that_was_added_is_still_a_conflict(service: Service) -> None:
    there = service.start("feature/one")
    _write(service, there, {"a.py": "A = 2\n"})
    _write(service, service.root, {"a.py": "A = 3\n"})
    service.facts("finish", "one")
    service.git("add", "a.py", cwd=there)

    assert service.facts("finish", "one", "--resume")["details"] == ["a.py"]


@pytest.mark.parametrize(
    "place",
    [
        "finish:run_gates",
        ">finish:run_gates",
        ">finish:take_back",
        "finish:merge",
        "merging:foresee",
        ">finish:merge",
        "finish:settle",
        ">settle:move",
        ">finish:settle",
        ">finish:Finish.merge",
        "finish:refuse_changes_in_the_way",
        "finish:move_main",
        ">finish:move_main",
        ">finish:Finish.land",
        "worktrees:_remove_containers",
        ">worktrees:_remove_containers",
        ">finish:clean_up",
    ],
)
def test_finish_that_was_killed_is_resumed(service: Service, place: str) -> None:
    feature(service, "plans"), feature(service, "notes")
    assert service.facts("finish", "plans")["ok"]
    service.killed(place, "finish", "notes")

    found = service.facts("finish", "notes")

    if place != ">finish:clean_up":  # there is nothing left to do
        assert found["ok"], found
        assert [each.split(" ", 1)[1] for each in found["commits"]] == ["feat: add notes"]
    assert (service.root / "contracts/openapi.yaml").read_text() == CONTRACT + operation("notes") + operation("plans")
    assert 'down_revision: str | None = "plans"\n' in (service.root / "alembic/versions/notes.py").read_text()
    assert service.git("status", "--porcelain") == ""
    assert service.git("branch", "--list") == "* main"
    assert service.git("rev-list", "--merges", "--count", "main") == "1"
    assert not (service.root / ".worktrees/notes").exists()


def test_git_that_was_killed_in_the_middle_is_no_obstacle_and_nothing_is_lost(service: Service) -> None:
    there = feature(service, "plans")
    service.commit("feat: later", {"later.py": "X = 1\n"})
    service.killed("finish:merge", "finish", "plans")
    (service.root / ".git/worktrees/plans/index.lock").touch()
    (there / "later.py").write_text("half")

    found = service.facts("finish", "plans", "--resume")

    assert found["ok"], found
    assert (service.root / "later.py").read_text() == "X = 1\n"
    assert "devkit: left by an interrupted finish" in service.git("stash", "list")


def test_git_that_was_killed_while_main_moved_is_no_obstacle(service: Service) -> None:
    feature(service, "plans")
    service.killed("finish:move_main", "finish", "plans")
    (service.root / ".git/index.lock").touch()
    (service.root / "plans.py").write_text("half")

    found = service.facts("finish", "plans", "--resume")

    assert found["ok"], found
    assert (service.root / "plans.py").read_text() == "X = 1\n"


def _nothing_new(service: Service) -> None:
    service.start("feature/plans")


def _dirty(service: Service) -> None:
    (feature(service, "plans") / "new.py").touch()


def _other_branch(service: Service) -> None:
    service.git("switch", "--quiet", "--create", "other", cwd=feature(service, "plans"))


def _gone(service: Service) -> None:
    shutil.rmtree(feature(service, "plans"))


def _in_the_way(service: Service) -> None:
    feature(service, "plans")
    (service.root / "plans.py").write_text("mine")


def _two_heads(service: Service) -> None:
    there = feature(service, "plans")
    service.commit("feat: head", {"alembic/versions/more.py": revision("more", "base")}, cwd=there)
    service.commit("feat: main", {"alembic/versions/main.py": revision("main", "base")})


def _same_id(service: Service) -> None:
    feature(service, "plans")
    service.commit("feat: main", {"alembic/versions/other.py": revision("plans", "base")})


def _changing_gates(service: Service) -> None:
    text = (service.root / "pyproject.toml").read_text().replace("test ! -e red", "date > made")
    service.commit("chore: gates", {"pyproject.toml": text})
    feature(service, "plans")


@pytest.mark.parametrize(
    ("before", "why", "then"),
    [
        (_nothing_new, "feature/plans has no commit that main lacks", "devkit worktree remove plans"),
        (_dirty, "has changes that are not committed", "git commit or git stash"),
        (_other_branch, "is on other, not on feature/plans", "git switch feature/plans"),
        (_gone, "is gone", "devkit worktree prune"),
        (_in_the_way, "has changes to files of this branch", "commit or stash them there"),
        (_two_heads, "the migrations of this branch are no simple chain", "let them follow main"),
        (_same_id, "two migrations have one id", "give that of this branch another"),
        (_changing_gates, "the gates changed files", "commit or remove them"),
    ],
)
def test_refusal_says_why_and_leaves_main(
    service: Service, before: Callable[[Service], None], why: str, then: str
) -> None:
    before(service)
    at = main_of(service)

    found = service.facts("finish", "plans")

    assert why in found["error"]
    assert then in found["next"]
    assert main_of(service) == at


@pytest.mark.parametrize("option", ["--resume", "--abort"])
def test_finish_that_has_not_begun_is_neither_resumed_nor_aborted(service: Service, option: str) -> None:
    feature(service, "plans")

    assert service.facts("finish", "plans", option)["next"] == "devkit finish"


def test_worktree_can_stay(service: Service) -> None:
    there = feature(service, "plans")

    assert service.facts("finish", "plans", "--keep")["ok"]
    assert there.exists()
    assert service.git("branch", "--list", "feature/plans") != ""


def test_main_that_is_checked_out_nowhere_is_moved(service: Service) -> None:
    feature(service, "plans")
    service.git("switch", "--quiet", "--detach")

    found = service.facts("finish", "plans")

    assert found["ok"], found
    assert found["main"] == main_of(service)


def test_main_merged_by_hand_gets_its_migrations_in_order(service: Service) -> None:
    there = feature(service, "plans")
    service.commit("feat: main", {"alembic/versions/main.py": revision("main", "base")})
    service.git("merge", "--quiet", "--no-edit", "main", cwd=there)

    found = service.facts("finish", "plans")

    assert found["moved_migration"] == "alembic/versions/plans.py"
    assert 'down_revision: str | None = "main"\n' in (service.root / "alembic/versions/plans.py").read_text()


def test_finishes_at_once_wait_for_each_other(service: Service) -> None:
    for name in ("one", "two", "three"):
        feature(service, name)

    started = [service.popen("finish", name) for name in ("one", "two", "three")]
    said = [process.communicate()[0] for process in started]

    assert [process.returncode for process in started] == [0, 0, 0], said
    text = "".join((service.root / f"alembic/versions/{name}.py").read_text() for name in ("one", "two", "three"))
    assert len({line for line in text.splitlines() if line.startswith("down_revision")}) == 3
    assert service.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("since", "branch", "then"),
    [
        ([], [], "just release --increment PATCH"),
        (["feat: more"], [], "git switch --create release/1.0 v1.0.0 && git cherry-pick HOTFIX && just release --increment PATCH"),
        (["feat: more"], ["release/1.0"], "git switch release/1.0 && git cherry-pick HOTFIX && just release --increment PATCH"),
    ],
)  # fmt: skip
def test_hotfix_offers_a_patch_release_of_it_alone(
    service: Service, since: list[str], branch: list[str], then: str
) -> None:
    service.git("tag", "v1.0.0")
    for each in branch:
        service.git("branch", each)
    for message in since:
        service.commit(message, {"more.py": ""})
    there = service.start("hotfix/crash", "--hotfix")
    hotfix = service.commit("fix: crash", {"crash.py": ""}, cwd=there)

    found = service.facts("finish", "crash")

    assert found["release"] == then.replace("HOTFIX", hotfix[:9]), found


def test_feature_offers_no_release(service: Service) -> None:
    feature(service, "plans")

    assert service.facts("finish", "plans")["release"] is None
