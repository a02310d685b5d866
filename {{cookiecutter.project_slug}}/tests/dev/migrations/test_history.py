"""Several heads and wrong file names are told, with what to change."""

import shutil

import pytest

from dev.migrations.history import broken_links, wrong_heads, wrong_names
from tests.dev.migrations.project import BOOKS, Project


def test_one_line_of_revisions_has_one_head(project: Project) -> None:
    project.add_two("pass")

    assert list(wrong_heads(project.config())) == []


def test_revision_after_one_that_does_not_exist_is_refused(project: Project) -> None:
    project.add("pass", revision="b00000000002", after="b00000000001")

    (told,) = broken_links(project.config())

    assert "Revision b00000000001 referenced from b00000000001 -> b00000000002 (head),  is not present" in told


def test_revision_that_stands_twice_is_refused(project: Project) -> None:
    path = project.add("pass", revision="b00000000001", after=None)
    shutil.copyfile(path, path.with_name("20261121_b00000000001_copy.py"))

    assert list(broken_links(project.config())) == ["UserWarning: Revision b00000000001 is present more than once"]


def test_revision_that_cannot_be_loaded_is_refused(project: Project) -> None:
    project.add("pass(", revision="b00000000001", after=None)

    (told,) = broken_links(project.config())

    assert "20261121_b00000000001_test.py, line 7" in told


def test_two_heads_are_named_with_the_line_to_change(project: Project) -> None:
    project.add_two("pass")
    project.add("pass", revision="c00000000001", after="b00000000001")
    project.add("pass", revision="c00000000002", after="c00000000001")

    assert list(wrong_heads(project.config())) == [
        (
            "2 heads: b00000000002 (alembic/versions/20261121_b00000000002_test.py), "
            "c00000000002 (alembic/versions/20261121_c00000000002_test.py). Put one behind the other: "
            'write down_revision = "b00000000002" in alembic/versions/20261121_c00000000001_test.py'
        )
    ]


@pytest.mark.parametrize(
    "name",
    [
        "b00000000001_books.py",
        "20261341_b00000000001_books.py",
        "20261121_aaaaaaaaaaaa_books.py",
        "20261121_b00000000001.py",
    ],
)
def test_file_name_without_date_revision_and_subject_is_refused(project: Project, name: str) -> None:
    path = project.add(BOOKS, revision="b00000000001", after=None)
    path.rename(path.with_name(name))

    assert list(wrong_names(project.config())) == [
        f"alembic/versions/{name}: must be called YYYYMMDD_b00000000001_subject.py, with the day it was made"
    ]
