"""`just release`, `just notes` and `just commits` of a service, in repositories of their own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.project import Project
from tests.recipes import Recipes, without_seconds
from tests.variants import Variant

PLACES = ("contracts/openapi.yaml", "app/core/project.py", "pyproject.toml", "uv.lock")


@pytest.fixture
def recipes(baked: Callable[[Variant], Project], tmp_path: Path, service_commands: Path) -> Recipes:
    """A service on its main branch whose first release is made."""
    made = Recipes(baked({"main_branch": "trunk"}), tmp_path / "ours", service_commands)
    made.set_gates("quick  test ! -e red")
    made.git("init", "--quiet", "--initial-branch=trunk")
    made.commit("chore: start from the template")
    made.git("tag", "v0.1.0")
    return made


def released(recipes: Recipes, *options: str) -> str:
    done = recipes.just("release", *options)
    assert done.returncode == 0, done.stdout
    return done.stdout


def state_of(recipes: Recipes) -> tuple[object, ...]:
    """Whatever a release could leave behind."""
    files = {name: content for name, content in recipes.project.contents().items() if not name.startswith(".git/")}
    return recipes.git("for-each-ref"), recipes.git("log", "-1", "--format=%H"), files


def refused(recipes: Recipes, *options: str) -> str:
    """What a refused release says; it has left nothing."""
    before = state_of(recipes)
    done = recipes.just("release", *options)
    assert done.returncode != 0, done.stdout
    assert state_of(recipes) == before
    return done.stdout


def version(recipes: Recipes, new: str) -> None:
    """Promise a version in the contract."""
    recipes.write("contracts/openapi.yaml", "\n  version: 0.1.0\n", f"\n  version: {new}\n")


@pytest.mark.parametrize(
    ("commits", "options", "tag"),
    [
        (["feat: take notes"], [], "v0.2.0"),
        (["fix: keep notes", "docs: say so"], [], "v0.1.1"),
        (["fix: keep notes", "feat(notes): take notes", "fix: keep them"], [], "v0.2.0"),
        (["feat!: take other notes"], [], "v0.2.0"),
        (["fix: keep notes\n\nBREAKING CHANGE: they are kept elsewhere"], [], "v0.2.0"),
        (["feat: take notes"], ["--pre", "alpha"], "v0.2.0-alpha.1"),
        (["build: newer packages"], ["--increment", "PATCH"], "v0.1.1"),
    ],
)
def test_next_version_comes_from_the_commits(
    recipes: Recipes, commits: list[str], options: list[str], tag: str
) -> None:
    for message in commits:
        recipes.commit(message)

    output = released(recipes, *options)

    assert recipes.git("describe", "--exact-match") == tag
    assert recipes.git("log", "-1", "--format=%s") == f"chore(release): {tag[1:]}"
    assert [recipes.project.text(name).count(f'\nversion = "{tag[1:]}"') for name in PLACES[2:]] == [1, 1]
    assert f"\n  version: {tag[1:]}\n" in recipes.project.text(PLACES[0])
    assert f'\nVERSION = "{tag[1:]}"\n' in recipes.project.text(PLACES[1])
    line = "" if "-" in tag else f" release/{tag[1:-2]}"
    assert output.splitlines()[-1].rstrip() == f"Publish it: git push --atomic origin trunk {tag}{line}"
    assert ("release/" in recipes.git("branch")) is bool(line)


@pytest.mark.parametrize(
    ("promised", "options", "tag"),
    [
        ("1.0.0", [], "v1.0.0"),
        ("1.0.0", ["--prerelease", "beta"], "v1.0.0-beta.1"),
        ('"0.2.0"', [], "v0.2.0"),
        ("0.1.1", [], "v0.1.1"),
    ],
)
def test_higher_version_in_the_contract_wins(recipes: Recipes, promised: str, options: list[str], tag: str) -> None:
    version(recipes, promised)
    recipes.commit("fix: promise something else")

    released(recipes, *options)

    assert recipes.git("describe", "--exact-match") == tag
    assert all(tag[1:] in recipes.project.text(name) for name in PLACES)


def test_pre_releases_lead_to_one_release_with_the_notes_of_all(recipes: Recipes) -> None:
    recipes.commit("feat: take notes")
    released(recipes, "--prerelease", "alpha")
    recipes.commit("fix: keep notes")
    released(recipes, "--prerelease", "alpha")
    alpha = recipes.just("notes", "v0.2.0-alpha.2").stdout
    released(recipes)

    notes = recipes.just("notes", "v0.2.0").stdout

    assert "- keep notes" in alpha
    assert "take notes" not in alpha
    assert "### Feat\n\n- take notes\n\n### Fix\n\n- keep notes\n" in notes
    assert "alpha" not in recipes.project.text("CHANGELOG.md")
    assert recipes.git("branch", "--format=%(refname:short)").split() == ["release/0.2", "trunk"]


def test_correction_is_released_on_the_release_branch(recipes: Recipes) -> None:
    recipes.commit("feat: take notes")
    released(recipes)
    recipes.commit("feat: go on")
    recipes.git("switch", "--quiet", "release/0.2")
    recipes.commit("fix: keep notes")

    output = released(recipes)

    assert output.splitlines()[-1].rstrip() == "Publish it: git push --atomic origin release/0.2 v0.2.1"
    recipes.commit("feat: no place for it")
    assert "0.3.0 is made on trunk or release/0.3, and this is release/0.2" in refused(recipes)


def test_release_after_the_first_major_one_is_major_when_it_breaks(recipes: Recipes) -> None:
    version(recipes, "1.0.0")
    recipes.commit("feat: promise")
    released(recipes)
    recipes.commit("feat!: break it")

    released(recipes)

    assert recipes.git("describe", "--exact-match") == "v2.0.0"


def on_another_branch(recipes: Recipes) -> None:
    recipes.git("switch", "--quiet", "--create", "feat/notes")


def on_no_branch(recipes: Recipes) -> None:
    recipes.git("switch", "--quiet", "--detach")


def with_changes(recipes: Recipes) -> None:
    (recipes.project.root / "new.txt").write_text("not committed", encoding="utf-8")


def with_a_red_gate(recipes: Recipes) -> None:
    (recipes.project.root / "red").touch()
    recipes.commit("test: red")


def with_a_hook_that_refuses(recipes: Recipes) -> None:
    hook = recipes.project.root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)


def with_commits_on_the_release_branch(recipes: Recipes) -> None:
    recipes.git("switch", "--quiet", "--create", "release/0.2")
    recipes.commit("fix: only here")
    recipes.git("switch", "--quiet", "trunk")


def with_its_tag(recipes: Recipes) -> None:
    recipes.git("tag", "v0.2.0")


def with_a_contract_that_jumps(recipes: Recipes) -> None:
    version(recipes, "0.5.0")
    recipes.commit("feat: jump")


def with_a_place_that_differs(recipes: Recipes) -> None:
    recipes.write("app/core/project.py", 'VERSION = "0.1.0"', 'VERSION = "0.1.7"')
    recipes.commit("chore: differ")


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (on_another_branch, "0.2.0 is made on trunk or release/0.2, and this is feat/notes"),
        (on_no_branch, "and this is no branch"),
        (with_changes, "there are changes that are not committed"),
        (with_a_red_gate, "FAILED     0 s  quick"),
        (with_a_hook_that_refuses, "git.commit error"),
        (with_commits_on_the_release_branch, "release/0.2 has commits that are not here; merge it first"),
        (with_its_tag, "v0.2.0 is there already"),
        (with_a_contract_that_jumps, "the contract promises 0.5.0, but after 0.1.0 comes 0.2.0"),
        (with_a_place_that_differs, "app/core/project.py"),
    ],
)
def test_release_that_may_not_be_made_leaves_nothing(
    recipes: Recipes, state: Callable[[Recipes], None], message: str
) -> None:
    recipes.commit("feat: take notes")
    state(recipes)

    assert message in without_seconds(refused(recipes))


def test_nothing_to_release_is_reported(recipes: Recipes) -> None:
    assert "No new commits found" in refused(recipes)

    recipes.commit("docs: say more")

    assert "not eligible to be bumped" in refused(recipes)


def test_dry_run_tells_version_and_notes_wherever_it_is(recipes: Recipes) -> None:
    recipes.commit("feat: take notes")
    on_another_branch(recipes)
    with_changes(recipes)

    before = state_of(recipes)

    output = released(recipes, "--dry-run")

    assert state_of(recipes) == before
    assert "tag to create: v0.2.0" in output
    assert "- take notes" in output


def test_repository_with_other_projects_wants_a_name_in_its_tags(recipes: Recipes, tmp_path: Path) -> None:
    (recipes.project.root / ".git").rename(tmp_path / ".git")
    recipes.git("add", "--all", ":/")
    recipes.commit("feat: beside others")
    for tag in ("v9.0.0", "other-v7.0.0"):
        recipes.git("tag", tag)

    output = refused(recipes)
    recipes.write("pyproject.toml", '"v$version"', '"my-service-v$version"')
    recipes.commit("build: name the tags")
    released(recipes)

    assert "other projects are in this repository; name this one in tag_format" in output
    assert recipes.git("describe", "--exact-match") == "my-service-v0.2.0"
    assert "release/my-service-v0.2" in recipes.git("branch")


@pytest.mark.parametrize(
    ("message", "fine"),
    [
        ("feat: take notes", True),
        ("fix(notes)!: keep them", True),
        ("Merge branch 'trunk'", True),
        ("take notes", False),
        ("feature: take notes", False),
        ("fixup! feat: take notes", False),
        ("feat: " + "take notes " * 12, False),
    ],
)
def test_messages_are_held_to_their_form(recipes: Recipes, message: str, fine: bool) -> None:
    recipes.commit(message)

    done = recipes.just("commits", "v0.1.0..HEAD")

    assert (done.returncode == 0) is fine, done.stdout
    assert recipes.just("commits").returncode == done.returncode


def test_notes_of_a_tag_that_is_none_of_ours_are_refused(recipes: Recipes) -> None:
    done = recipes.just("notes", "v9.0.0")

    assert done.returncode == 1
    assert "v9.0.0 does not tag its own version, 0.1.0. Make tags with: just release" in done.stdout
