"""`devkit adr`: decisions with numbers of their own, links in both directions, and an index that is what they say."""

from collections.abc import Callable
from pathlib import Path

import pytest
from devkit.tests.workflow.conftest import Service

FOLDER = "docs/architecture/decisions"
WRITTEN = "# 1. Rooms\n\nStatus: accepted, 2026-03-14\n\n## Problem\n\nNone.\n\n## Decision\n\nRooms.\n"
Change = Callable[[dict[str, str]], object]


def _new(service: Service, title: str, *options: str, cwd: Path | None = None) -> str:
    return str(service.facts("adr", "new", title, *options, cwd=cwd)["decision"])


def test_number_is_that_of_no_branch_and_no_worktree(made: Service) -> None:
    first = _new(made, "Bookings are kept for a year!")
    made.commit("docs: decide", {})
    second = _new(made, "Rooms", cwd=made.start("feature/rooms"))
    third = _new(made, "Mails")

    assert [first, second, third] == [
        f"{FOLDER}/0001-bookings-are-kept-for-a-year.md",
        f"{FOLDER}/0002-rooms.md",
        f"{FOLDER}/0003-mails.md",
    ]
    assert (made.root / first).read_text().startswith("# 1. Bookings are kept for a year!\n\nStatus: proposed, 20")
    assert made.facts("adr", "index", "--check")["ok"]


def test_superseded_decision_and_its_successor_name_each_other(made: Service) -> None:
    for title in ("One", "Two"):
        _new(made, title)

    found = made.facts("adr", "new", "Three", "--supersedes", "1", "--supersedes", "2")

    assert found["supersedes"] == ["0001-one.md", "0002-two.md"]
    old, new = ((made.root / FOLDER / name).read_text() for name in ("0001-one.md", "0003-three.md"))
    assert "Status: superseded by [3. Three](0003-three.md), 20" in old
    assert "Supersedes: [1. One](0001-one.md), [2. Two](0002-two.md)\n" in new
    assert "| [1. One](0001-one.md) | superseded by [3. Three](0003-three.md) |" in (made.root / FOLDER / "README.md").read_text()  # fmt: skip
    assert made.facts("adr", "index", "--check")["ok"]
    assert made.facts("adr", "new", "Four", "--supersedes", "1")["error"] == "0001-one.md is superseded already"
    assert made.facts("adr", "new", "Four", "--supersedes", "9")["next"] == "name one of: 1, 2, 3"
    assert "a decision has a title" in made.facts("adr", "new", " ")["error"]


def _renamed(files: dict[str, str]) -> None:
    files["0001-zoos.md"] = files["0001-rooms.md"].replace("Rooms", "Zoos")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (_renamed, "0001-rooms.md and 0001-zoos.md have one number"),
        (lambda files: files.update({"1-mails.md": WRITTEN}), "1-mails.md is called other than"),
        (lambda files: files.update({"0002-mails.md": WRITTEN}), "0002-mails.md does not begin with # 2."),
        (lambda files: files.update({"0001-rooms.md": ""}), "0001-rooms.md has no line Status:"),
        (lambda files: files.update({"0001-rooms.md": WRITTEN.replace("accepted", "agreed")}), "has no line Status:"),
        (lambda files: files.update({"0001-rooms.md": WRITTEN.replace("2026-03-14", "today")}), "has no line Status:"),
        (lambda files: files.update({"0001-rooms.md": WRITTEN.replace("\nRooms.\n", "")}), "is accepted and says nothing under Decision"),
        (lambda files: files.update({"0001-rooms.md": WRITTEN.replace("accepted", "superseded")}), "does not name what supersedes it"),
        (lambda files: files.update({"0001-rooms.md": WRITTEN.replace("accepted", "superseded by [9](0009-x.md)")}), "0009-x.md, which is not there"),
        (lambda files: files.update({"0001-rooms.md": WRITTEN.replace("accepted", "accepted by [9](0009-x.md)")}), "is accepted, and names what supersedes it"),
        (lambda files: files.update({"0002-mails.md": WRITTEN.replace("# 1.", "# 2.").replace("\n\n##", "\nSupersedes: [1](0001-rooms.md)\n\n##", 1)}), "0002-mails.md supersedes 0001-rooms.md, which has no line Status: superseded"),
        (lambda files: files.update({"0002-mails.md": WRITTEN.replace("# 1.", "# 2.").replace("\n\n##", "\nSupersedes: [7](0007-x.md)\n\n##", 1)}), "0007-x.md, which is not there"),
    ],
)  # fmt: skip
def test_record_that_is_not_in_order_is_a_finding(made: Service, change: Change, fault: str) -> None:
    folder = made.root / FOLDER
    folder.mkdir(parents=True)
    (folder / "0001-rooms.md").write_text(WRITTEN)
    assert made.facts("adr", "index")["ok"]
    files = {"0001-rooms.md": WRITTEN}
    change(files)
    for name, text in files.items():
        (folder / name).write_text(text)

    found = made.facts("adr", "index", "--check")

    assert fault in "\n".join(found["details"]), found


def test_index_that_is_old_is_refused_and_written(made: Service) -> None:
    _new(made, "Rooms")
    path = made.root / FOLDER / "README.md"
    path.write_text(path.read_text() + "by hand\n")

    assert made.facts("adr", "index", "--check")["next"] == "devkit adr index"
    assert made.facts("adr", "index")["ok"]
    assert made.facts("adr", "index", "--check")["decisions"] == ["0001-rooms.md"]


def test_dry_run_makes_nothing(made: Service) -> None:
    assert _new(made, "Rooms", "--dry-run") == f"{FOLDER}/0001-rooms.md"
    assert made.facts("adr", "index", "--dry-run") == {"ok": True, "decisions": [], "changed": True, "dry_run": True}
    assert not (made.root / "docs").exists()


@pytest.mark.parametrize("place", ["journal:put", ">journal:put"])
def test_killed_command_is_completed_by_the_next(made: Service, place: str) -> None:
    _new(made, "One")
    made.killed(place, "adr", "new", "Two", "--supersedes", "1")

    third = _new(made, "Three")

    assert third == f"{FOLDER}/0003-three.md"
    assert made.facts("adr", "index", "--check")["ok"]
