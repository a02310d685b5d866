"""The notes of a release list its changes by type."""

from dev.commits import Commit
from dev.releases.notes import notes_of, with_section


def test_changes_stand_under_their_headings_the_oldest_first() -> None:
    commits = [
        Commit("6", "chore(release): 1.3.0-alpha.1"),
        Commit("5", "feat: list the users"),
        Commit("4", "fix(api)!: answer 404"),
        Commit("3", "perf: ask once"),
        Commit("2", "revert: feat: sort by name"),
        Commit("1", "feat(users): sort by name"),
        Commit("0", "fix: count from one"),
    ]

    assert notes_of(commits).splitlines() == [
        "### Breaking",
        "",
        "- api: answer 404",
        "",
        "### Added",
        "",
        "- users: sort by name",
        "- list the users",
        "",
        "### Corrected",
        "",
        "- count from one",
        "",
        "### Faster",
        "",
        "- ask once",
        "",
        "### Taken back",
        "",
        "- feat: sort by name",
    ]


def test_release_without_a_visible_change_says_so() -> None:
    assert notes_of([Commit("1", "docs: explain"), Commit("0", "unformed")]) == "Nothing that callers see."


def test_first_section_follows_the_preface() -> None:
    assert with_section("# Changelog\n\nWhat it is.\n", "1.0.0", "- one") == (
        "# Changelog\n\nWhat it is.\n\n## 1.0.0\n\n- one\n"
    )


def test_new_section_stands_before_the_earlier_ones() -> None:
    assert with_section("# Changelog\n\n## 1.0.0\n\n- one\n", "1.1.0", "- two") == (
        "# Changelog\n\n## 1.1.0\n\n- two\n\n## 1.0.0\n\n- one\n"
    )
