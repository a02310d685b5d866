"""Which migration the code expects."""

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from app.db.migrations import migration_config
from app.db.revisions import Revisions, read_revisions


def _write(folder: Path, name: str, parents: str) -> None:
    text = f'revision: str = "{name}"\ndown_revision: str | None = {parents}\n'
    (folder / f"{name}.py").write_text(text, encoding="utf-8")


def test_head_is_the_one_that_alembic_knows() -> None:
    assert read_revisions().head == ScriptDirectory.from_config(migration_config()).get_current_head()


def test_without_migrations_there_is_no_head(tmp_path: Path) -> None:
    assert read_revisions(tmp_path).head is None


def test_words_beside_the_revision_are_none(tmp_path: Path) -> None:
    text = '"""revision = "q9" """\n\nrevision: str = "b1"  # was "zz9"\ndown_revision = None  # put before "b1"\n'
    (tmp_path / "b1.py").write_text(text, encoding="utf-8")

    assert read_revisions(tmp_path).head == "b1"


def test_merge_may_stand_on_several_lines(tmp_path: Path) -> None:
    _write(tmp_path, "left", "None")
    _write(tmp_path, "right", "None")
    _write(tmp_path, "merged", '(\n    "left",\n    "right",\n)')

    assert read_revisions(tmp_path).head == "merged"


def test_head_is_what_nothing_follows(tmp_path: Path) -> None:
    _write(tmp_path, "first", "None")
    _write(tmp_path, "left", '"first"')
    _write(tmp_path, "right", "'first'")
    _write(tmp_path, "merged", '("left", "right")')

    assert read_revisions(tmp_path).head == "merged"


@pytest.mark.parametrize(
    ("found", "behind"),
    [
        (set(), True),
        ({"first"}, True),
        ({"head"}, False),
        ({"newer"}, False),
        ({"first", "newer"}, False),
        ({"left", "right"}, True),
    ],
)
def test_only_known_revisions_before_the_head_are_behind(found: set[str], *, behind: bool) -> None:
    revisions = Revisions(known=frozenset({"first", "left", "right", "head"}), head="head")

    assert revisions.are_ahead_of(frozenset(found)) is behind


def test_service_without_migrations_is_never_behind() -> None:
    assert not Revisions(known=frozenset(), head=None).are_ahead_of(frozenset())
