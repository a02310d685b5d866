"""The next version follows from the commits."""

import pytest

from dev.commits import Commit
from dev.releases.version import Version, following, parse, python_form, with_stage


@pytest.mark.parametrize(
    ("last", "subjects", "expected"),
    [
        ("1.2.3", ["fix: one"], "1.2.4"),
        ("1.2.3", ["docs: one", "chore: two"], "1.2.4"),
        ("1.2.3", ["fix: one", "feat: two"], "1.3.0"),
        ("1.2.3", ["fix!: one", "feat: two"], "2.0.0"),
        ("0.2.3", ["fix: one"], "0.2.4"),
        ("0.2.3", ["feat: one"], "0.3.0"),
        ("0.2.3", ["fix!: one"], "0.3.0"),
        ("1.9.9", ["not a type"], "1.9.10"),
    ],
)
def test_next_version_follows_from_the_types(last: str, subjects: list[str], expected: str) -> None:
    commits = [Commit("1a2b3c4", subject) for subject in subjects]

    assert str(following(parse(last), commits)) == expected


def test_versions_are_compared_as_numbers() -> None:
    assert parse("v1.10.0") > parse("1.9.9")
    assert parse("1.3.0-alpha.1") == Version(1, 3, 0)


def test_text_without_a_version_is_refused() -> None:
    with pytest.raises(ValueError, match="'latest' is no version such as"):
        parse("latest")


def test_pre_releases_are_counted_per_version_and_stage() -> None:
    tags = ["v1.3.0-alpha.1", "v1.3.0-alpha.9", "v1.3.0-alpha.10", "v1.2.0-beta.7", "v1.3.0-alpha.x", "v11.3.0-beta.3"]

    assert with_stage(Version(1, 3, 0), "alpha", tags) == "1.3.0-alpha.11"
    assert with_stage(Version(1, 3, 0), "beta", tags) == "1.3.0-beta.1"
    assert with_stage(Version(1, 3, 0), None, tags) == "1.3.0"


@pytest.mark.parametrize(
    ("version", "expected"), [("1.3.0", "1.3.0"), ("1.3.0-alpha.2", "1.3.0a2"), ("1.3.0-beta.10", "1.3.0b10")]
)
def test_python_spells_pre_releases_in_its_own_way(version: str, expected: str) -> None:
    assert python_form(version) == expected
