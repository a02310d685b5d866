"""`devkit spec` and `devkit tasks`: numbers that never meet, and tasks that code has checked."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from devkit.tests.workflow.conftest import Service

HEAD = "---\ntitle: Bookings\nentities: [bookings]\noperations: {bookings: [GET /api/v1/bookings, POST /api/v1/bookings]}\ndecisions: [how long a booking lasts]\n---\n"


@pytest.fixture
def planned(made: Service) -> Path:
    """The folder of a specification with a plan."""
    folder = made.root / "specs" / "001-bookings"
    folder.mkdir(parents=True)
    (folder / "plan.md").write_text(HEAD)
    return folder


def test_number_is_that_of_no_branch_and_no_worktree(made: Service) -> None:
    first = made.facts("spec", "new", "bookings", "Bookings of rooms")
    made.commit("docs: plan", {})
    there = made.start("feature/rooms")
    second = made.facts("spec", "new", "rooms", cwd=there)
    made.git("switch", "--quiet", "--create", "other")
    made.commit("docs: seven", {"specs/007-seven/plan.md": HEAD})
    made.git("switch", "--quiet", "main")
    third = made.facts("spec", "new", "mails")

    assert [each["spec"] for each in (first, second, third)] == [
        "specs/001-bookings",
        "specs/002-rooms",
        "specs/008-mails",
    ]
    assert (made.root / "specs/001-bookings/plan.md").read_text().startswith("---\ntitle: Bookings of rooms\n")


def test_specifications_made_at_once_have_numbers_of_their_own(made: Service) -> None:
    started = [made.popen("spec", "new", name) for name in ("one", "two", "three")]
    said = [process.communicate()[0] for process in started]

    assert [process.returncode for process in started] == [0, 0, 0], said
    assert sorted(path.name[:3] for path in (made.root / "specs").iterdir()) == ["001", "002", "003"]


def test_tasks_are_written_from_the_plan_tests_first(made: Service, planned: Path) -> None:
    found = made.facts("tasks")

    assert [(each["id"], each["path"]) for each in found["tasks"]] == [
        ("T001", "docs/architecture/decisions/"),
        ("T002", "contracts/openapi.yaml"),
        ("T003", "tests/services/test_bookings.py"),
        ("T004", "tests/api/v1/test_bookings.py"),
        ("T005", "tests/api/v1/test_bookings.py"),
        ("T006", "app/models/bookings.py"),
        ("T007", "alembic/versions/"),
        ("T008", "app/schemas/bookings.py"),
        ("T009", "app/services/bookings.py"),
        ("T010", "app/api/v1/bookings.py"),
        ("T011", "app/api/v1/bookings.py"),
        ("T012", "justfile"),
    ]
    text = (planned / "tasks.md").read_text()
    assert (
        "- [ ] T003 [P] Write the failing tests of the rules of bookings in `tests/services/test_bookings.py` (after T002)\n"
        in text
    )
    assert "    T009 --> T010\n" in text
    assert made.facts("tasks", "--check")["ok"]


def test_written_again_tasks_keep_what_is_done(made: Service, planned: Path) -> None:
    made.facts("tasks")
    path = planned / "tasks.md"
    path.write_text(path.read_text().replace("- [ ] T003", "- [x] T003"))
    (planned / "plan.md").write_text(HEAD.replace("decisions: [how long a booking lasts]", "decisions: []"))

    found = made.facts("tasks")

    assert [each["id"] for each in found["tasks"] if each["done"]] == ["T002"]
    assert [each["path"] for each in found["tasks"] if each["done"]] == ["tests/services/test_bookings.py"]


def test_finish_that_was_done_is_open_again_behind_new_tasks(made: Service, planned: Path) -> None:
    made.facts("tasks")
    path = planned / "tasks.md"
    path.write_text(path.read_text().replace("- [ ]", "- [x]"))
    same = made.facts("tasks")
    (planned / "plan.md").write_text(HEAD.replace(", POST", ", DELETE /api/v1/bookings, POST"))

    foreseen = made.facts("tasks", "--dry-run")
    found = made.facts("tasks")

    done = {each["text"]: each["done"] for each in found["tasks"]}
    assert all(each["done"] for each in same["tasks"])
    assert (same["reopened"], same["done_before_open"]) == ([], [])
    assert foreseen["reopened"] == found["reopened"] == ["T014"]
    assert [each for each in done if not done[each]] == [
        "Promise GET /api/v1/bookings, DELETE /api/v1/bookings, POST /api/v1/bookings",
        "Write the failing test of DELETE /api/v1/bookings",
        "Make the route of DELETE /api/v1/bookings",
        "Make every gate green: just check",
    ]
    assert found["done_before_open"] == [f"T{n:03}" for n in (3, 4, 6, 7, 8, 9, 10, 11, 13)]
    assert made.facts("tasks")["reopened"] == []


def _moved(text: str, task: str, before: str) -> str:
    """The line of a task before that of another, ids in order, and no line naming what it comes after."""
    lines = re.sub(r" \(after [^)]*\)| \[P\]", "", text).splitlines(keepends=True)
    line = lines.pop(next(number for number, each in enumerate(lines) if f"] {task} " in each))
    lines.insert(next(number for number, each in enumerate(lines) if f"] {before} " in each), line)
    ids = iter(range(1, 100))
    return re.sub(r"(?m)^(- \[ \]) T\d{3}", lambda found: f"{found[1]} T{next(ids):03}", "".join(lines))


def _without_test(text: str) -> str:
    return text.replace("Write the failing test of GET /api/v1/bookings in", "Look at it in")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (_without_test, "GET /api/v1/bookings has no test"),
        (lambda text: text.replace("Make the route of POST", "Think of POST"), "POST /api/v1/bookings has no route"),
        (lambda text: text.replace("Make the model of", "Think of"), "the entity bookings has no model"),
        (lambda text: text.replace(" in `app/models/bookings.py`", ""), "no task, or no path in it: - [ ] T006"),
        (lambda text: text.replace("T005 Write", "T004 Write"), "ids are not T001 to T012"),
        (lambda text: text.replace("T004 Write", "T004 [P] Write").replace("T005 Write", "T005 [P] Write"), "T004 and T005 are both [P] on tests/api/v1/test_bookings.py"),
        (lambda text: text.replace("`contracts/openapi.yaml` (after T001)", "`contracts/openapi.yaml` (after T009)"), "T002 is after T009, which stands behind it"),
        (lambda text: text.replace("(after T001)", "(after T099)"), "T002 is after T099, which does not exist"),
        (lambda text: text.replace("(after T001)", "(after T002)"), "T002 is after T002, which stands behind it"),
        (lambda text: text.replace("test of GET /api/v1/bookings", "x").replace("Make the route of GET /api/v1/bookings", "Write the failing test of GET /api/v1/bookings").replace("Write the failing x", "Make the route of GET /api/v1/bookings"), "line 13: T004 Make the route of GET /api/v1/bookings stands before its test, T010: move line 22 before line 13, and number the tasks again"),
        (lambda text: _moved(text, "T006", "T003"), "line 12: T003 Make the model of bookings stands before its test, T004: move line 13 before line 12"),
        (lambda text: _moved(text, "T009", "T003"), "line 12: T003 Make the rules of bookings stands before its test, T004: move line 13 before line 12"),
        (lambda text: text.replace("`app/services/bookings.py` (after T008)", "`app/services/bookings.py`"), "line 21: T009 Make the rules of bookings does not wait for its test: write (after T003) at the end of line 21"),
        (lambda text: text.replace("`app/models/bookings.py` (after T003, T004, T005)", "`app/models/bookings.py` (after T004)"), "T006 Make the model of bookings does not wait for its test: write (after T004, T003)"),
        (lambda text: text.replace("Write the failing tests of the rules of", "Think of"), "Make the rules of bookings has no test: add a task Write the failing tests of the rules of bookings before line"),
    ],
)  # fmt: skip
def test_tasks_that_are_not_in_order_are_refused(
    made: Service, planned: Path, change: Callable[[str], str], fault: str
) -> None:
    made.facts("tasks")
    path = planned / "tasks.md"
    path.write_text(change(path.read_text()))

    found = made.facts("tasks", "--check")

    assert fault in "\n".join(found["details"]), found


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        (None, "plan.md is not there"),
        ("# Bookings\n", "has no head between two lines of ---"),
        ("---\na: [\n---\n", "is no YAML"),
        ("---\nentities: []\n---\n", "names no entity and no operation"),
        ("---\nentities: bookings\n---\n", "entities and decisions are lists"),
        ("---\nentities: [Room Bookings]\n---\n", "has Room Bookings"),
        ("---\noperations: {bookings: [FETCH /x]}\n---\n", "has FETCH /x"),
    ],
)
def test_plan_that_says_too_little_is_refused(made: Service, planned: Path, plan: str | None, why: str) -> None:
    if plan is None:
        (planned / "plan.md").unlink()
    else:
        (planned / "plan.md").write_text(plan)

    assert why in made.facts("tasks")["error"]


def test_specification_is_found_by_name_and_number(made: Service, planned: Path) -> None:
    (planned.parent / "002-rooms").mkdir()

    assert made.facts("tasks", "--dry-run")["next"] == "name one of: 001-bookings, 002-rooms"
    assert made.facts("tasks", "001", "--dry-run")["ok"]
    assert made.facts("tasks", "bookings", "--dry-run")["ok"]
    assert made.facts("tasks", "mails")["next"] == "devkit spec new NAME"
    assert made.facts("tasks", "bookings", "--check")["next"] == "devkit tasks"
    assert not (planned / "tasks.md").exists()


@pytest.mark.parametrize(("name", "why"), [("Room Bookings", "is no name"), ("bookings", "001-bookings is there")])
def test_name_that_cannot_be_is_refused(made: Service, planned: Path, name: str, why: str) -> None:
    assert planned.exists()
    assert why in made.facts("spec", "new", name)["error"]


CONTRACT = """paths:
  /api/v1/rooms:
    get: {tags: [rooms], summary: List}
    parameters: []
  /api/v1/rooms/{room_id}/keys:
    post: {summary: Cut}
"""


def test_files_beside_the_plan_add_to_it(made: Service, planned: Path) -> None:
    found = made.facts("spec", "new", "bookings", "--with", "contract", "--with", "research", "--with", "data-model")
    plain = made.facts("tasks")["tasks"]
    (planned / "contract.yaml").write_text(CONTRACT)
    (planned / "data-model.md").write_text("# Data\n\n<!--\n## no_table\n-->\n## rooms\n\n### Notes\n\n## bookings\n")
    (planned / "research.md").write_text("- [ ] who cuts keys\n- [x] done\n<!-- - [ ] no -->\n")

    texts = [each["text"] for each in made.facts("tasks")["tasks"]]

    assert found["files"] == ["contract.yaml", "research.md", "data-model.md"]
    assert len(plain) == 12
    assert "Decide: who cuts keys" in texts
    assert [each for each in texts if "model of" in each] == ["Make the model of bookings", "Make the model of rooms"]
    assert "Write the failing test of POST /api/v1/rooms/{room_id}/keys" in texts
    assert "Make the rules of keys" in texts
    assert "Make the route of GET /api/v1/rooms" in texts
    assert not [each for each in texts if "no_table" in each or "PARAMETERS" in each or each == "Decide: no"]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("contract.yaml", "paths: [", "is no YAML"),
        ("contract.yaml", "paths: [a]", "paths are operations by path and method"),
        ("contract.yaml", "- a", "paths are operations by path and method"),
        ("data-model.md", "## Room Bookings\n", "has Room Bookings"),
    ],
)
def test_file_beside_the_plan_that_cannot_be_read_is_refused(
    made: Service, planned: Path, name: str, text: str, why: str
) -> None:
    (planned / name).write_text(text)

    assert why in made.facts("tasks")["error"]


def test_design_note_is_waited_for(made: Service) -> None:
    first = made.facts("start", "feature/rooms", "Rooms", "--full")
    there, note = Path(first["path"]), Path(first["design_note"])
    (note.parent / "plan.md").write_text(HEAD)
    (there / "a.py").write_text("A = 2\n")
    made.git("add", "--all", cwd=there)
    made.git("commit", "--quiet", "--message", "feat: rooms", cwd=there)
    tasks, finish = made.facts("tasks", cwd=there), made.facts("finish", cwd=there)
    note.write_text(
        "\n".join(f"{line}\n\nNone.\n" if line.startswith("## ") else line for line in note.read_text().splitlines())
    )
    again = made.facts("start", "feature/rooms", "--full")

    assert note.relative_to(there).as_posix() == "specs/001-rooms/design.md"
    assert len(first["waits_for"]) == 9
    assert "has 9 questions without an answer" in tasks["error"]
    assert tasks["details"] == finish["details"] == first["waits_for"]
    assert again["waits_for"] == []
    assert made.facts("tasks", cwd=there)["ok"]


def test_start_with_a_design_note_that_was_killed_is_run_again(made: Service) -> None:
    made.killed("begin:write_spec", "start", "feature/rooms", "--full")

    assert Path(made.facts("start", "feature/rooms", "--full")["design_note"]).exists()
