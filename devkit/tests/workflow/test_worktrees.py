"""`devkit worktree`: complete places for worktrees of any origin, and their end."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from devkit.tests.workflow.conftest import FIRST_PORT, Service

from service_devkit.database import shared_cluster
from service_devkit.postgres.development import DevelopmentCluster


def _ask(cluster: DevelopmentCluster, statement: str) -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(cluster.url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(ask())


def _cluster(service: Service, worktree: Path | None = None) -> DevelopmentCluster:
    """The server as a command in the worktree, or in the main one, gets it."""
    shared = worktree and shared_cluster(worktree)
    return DevelopmentCluster(*shared) if shared else DevelopmentCluster(service.root / ".dev" / "postgres")


def _fill(service: Service, revision: str = "aaaa") -> None:
    with _cluster(service) as cluster:
        _ask(cluster, "CREATE TABLE notes AS SELECT 'kept' AS note")
        _ask(cluster, f"CREATE TABLE alembic_version AS SELECT '{revision}' AS version_num")


def _databases(service: Service) -> list[str]:
    with _cluster(service) as cluster:
        return str(_ask(cluster, "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database")).split()


def test_worktree_gets_a_copy_of_the_data_as_its_own(with_database: Service) -> None:
    _fill(with_database)

    one, two = with_database.start("feature/one"), with_database.start("feature/two")

    with _cluster(with_database, one) as cluster:
        assert cluster.url.endswith("/dev_one")
        assert _ask(cluster, "SELECT note FROM notes") == "kept"
        _ask(cluster, "UPDATE notes SET note = 'changed'")
    with _cluster(with_database, two) as cluster:
        assert _ask(cluster, "SELECT note FROM notes") == "kept"
    with _cluster(with_database) as cluster:
        assert _ask(cluster, "SELECT note FROM notes") == "kept"


def test_data_come_along_while_the_service_uses_them(with_database: Service) -> None:
    _fill(with_database)

    with _cluster(with_database) as cluster:

        async def start() -> Path:
            connection = await asyncpg.connect(cluster.url)
            try:
                return await asyncio.to_thread(with_database.start, "feature/one")
            finally:
                await connection.close()

        there = asyncio.run(start())

    with _cluster(with_database, there) as cluster:
        assert _ask(cluster, "SELECT note FROM notes") == "kept"
        assert _ask(cluster, "SELECT tableowner FROM pg_tables WHERE tablename = 'notes'") == "app"


def test_data_that_the_code_does_not_know_stay_away(with_database: Service) -> None:
    _fill(with_database, revision="newer")

    done = with_database.devkit("start", "feature/one")

    assert "dev_one, empty: the data of the main worktree stand on revision newer, which is not in main" in done.output
    with _cluster(with_database, with_database.root / ".worktrees/one") as cluster:
        assert _ask(cluster, "SELECT to_regclass('notes')") is None


@pytest.mark.parametrize("place", ["place:_provide_database", "place:copy_to", ">place:copy_to", "place:revisions_of"])
def test_start_killed_at_the_database_is_run_again(with_database: Service, place: str) -> None:
    _fill(with_database)
    with_database.killed(place, "start", "feature/one")

    there = with_database.start("feature/one")

    with _cluster(with_database, there) as cluster:
        assert _ask(cluster, "SELECT note FROM notes") == "kept"


def test_reset_in_a_worktree_deletes_its_database_only(with_database: Service) -> None:
    _fill(with_database)
    there = with_database.start("feature/one")

    done = with_database.devkit("reset-database", "--yes", cwd=there)

    assert done.exit_code == 0, done.output
    assert "dev_one" not in _databases(with_database)
    with _cluster(with_database) as cluster:
        assert _ask(cluster, "SELECT note FROM notes") == "kept"


def test_reset_of_the_main_worktree_leaves_the_others_their_data(with_database: Service) -> None:
    _fill(with_database)
    there = with_database.start("feature/one")

    with_database.devkit("reset-database", "--yes")

    with _cluster(with_database, there) as cluster:
        assert _ask(cluster, "SELECT note FROM notes") == "kept"
    with _cluster(with_database) as cluster:
        assert _ask(cluster, "SELECT to_regclass('notes')") is None


def test_removal_takes_folder_database_branch_and_entry(with_database: Service) -> None:
    there = with_database.start("feature/one")

    done = with_database.devkit("worktree", "remove", "one")

    assert done.exit_code == 0, done.output
    assert not there.exists()
    assert with_database.registry() == []
    assert with_database.git("branch", "--list") == "* main"
    assert "dev_one" not in _databases(with_database)
    assert with_database.start("feature/one") == there


def test_database_in_use_is_not_deleted(with_database: Service) -> None:
    there = with_database.start("feature/one")
    with _cluster(with_database, there) as cluster:

        async def remove() -> dict[str, object]:
            connection = await asyncpg.connect(cluster.url)
            try:
                return await asyncio.to_thread(with_database.facts, "worktree", "remove", "one")
            finally:
                await connection.close()

        found = asyncio.run(remove())

    assert "The database dev_one is in use" in str(found["error"])
    assert there.exists()


def _uncommitted(_service: Service, there: Path) -> None:
    (there / "new.py").touch()


def _unmerged(service: Service, there: Path) -> None:
    service.commit("feat: new", {"new.py": ""}, cwd=there)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_uncommitted, "has changes that are not committed"),
        (_unmerged, "feature/one has 1 commits that are not on main"),
    ],
)
def test_removal_of_what_is_nowhere_else_is_refused_unless_forced(
    made: Service, change: Callable[[Service, Path], None], why: str
) -> None:
    there = made.start("feature/one")
    change(made, there)

    refused, dry = (
        made.facts("worktree", "remove", "one"),
        made.facts("worktree", "remove", "one", "--force", "--dry-run"),
    )
    kept = there.exists()
    forced = made.facts("worktree", "remove", "one", "--force")

    assert why in refused["error"]
    assert "--force" in refused["next"]
    assert dry["ok"]
    assert kept
    assert forced["ok"]
    assert not there.exists()


def test_branch_can_stay(made: Service) -> None:
    there = made.start("feature/one")
    _unmerged(made, there)

    assert made.facts("worktree", "remove", "--keep-branch", cwd=there)["ok"]
    assert made.git("branch", "--list", "feature/one") == "feature/one"


@pytest.mark.parametrize(
    "place", ["worktrees:forget_database", ">worktrees:forget_database", ">worktrees:_remove_containers"]
)
def test_removal_that_was_killed_is_run_again(made: Service, place: str) -> None:
    made.start("feature/one")
    made.killed(place, "worktree", "remove", "one")

    assert made.facts("worktree", "remove", "one")["ok"]
    assert made.registry() == []


def test_worktree_of_another_tool_is_made_complete(with_database: Service, tmp_path: Path) -> None:
    _fill(with_database)
    there = tmp_path / "agent-7"
    with_database.git("worktree", "add", "--quiet", "-b", "Claude/Fix_Mail", str(there))

    first, again = (
        with_database.facts("worktree", "init", cwd=there),
        with_database.facts("worktree", "init", cwd=there),
    )

    assert (first["name"], first["database"], first["port"]) == ("fix-mail", "dev_fix_mail", FIRST_PORT)
    assert again == first
    assert (there / ".venv").is_dir()
    with _cluster(with_database, there) as cluster:
        assert _ask(cluster, "SELECT note FROM notes") == "kept"


def test_names_of_other_tools_that_meet_get_a_number(made: Service, tmp_path: Path) -> None:
    names = []
    for number, branch in enumerate(["a/mail", "b/mail", "c/MAIL!"]):
        made.git("worktree", "add", "--quiet", "-b", branch, str(tmp_path / str(number)))
        names.append(made.facts("worktree", "init", cwd=tmp_path / str(number))["name"])

    assert names == ["mail", "mail-2", "mail-3"]


def test_worktree_that_was_moved_is_found_again(made: Service, tmp_path: Path) -> None:
    there = made.start("feature/one")
    made.git("worktree", "move", str(there), str(tmp_path / "moved"))

    ill = made.facts("worktree", "doctor")
    done = made.facts("worktree", "init", cwd=tmp_path / "moved")
    well = made.facts("worktree", "doctor")

    assert "is gone: devkit worktree prune, or in its new place devkit worktree init" in ill["details"][0]
    assert (done["name"], done["path"]) == ("one", str(tmp_path / "moved"))
    assert well["ok"], well


def test_main_worktree_and_no_branch_are_refused(made: Service, tmp_path: Path) -> None:
    made.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "detached"))

    assert "this is the main worktree" in made.facts("worktree", "init")["error"]
    assert made.facts("worktree", "init", cwd=tmp_path / "detached")["error"] == "no branch is checked out here"


def test_prune_forgets_folders_that_were_deleted_by_hand(with_database: Service) -> None:
    gone, kept = with_database.start("feature/gone"), with_database.start("feature/kept")
    shutil.rmtree(gone)
    with DevelopmentCluster(with_database.root / ".dev" / "postgres", "dev_of_nobody"):
        pass

    dry, done = with_database.facts("worktree", "prune", "--dry-run"), with_database.facts("worktree", "prune")

    assert (dry["pruned"], dry["databases"]) == (["gone"], [])
    assert (done["pruned"], done["databases"]) == (["gone"], ["dev_of_nobody"])
    assert [name for name in _databases(with_database) if name.startswith("dev_")] == ["dev_kept"]
    assert with_database.git("branch", "--list", "feature/gone") == "feature/gone"
    assert kept.exists()


def test_list_says_where_each_stands(made: Service) -> None:
    empty = made.devkit("worktree", "list").output
    there = made.start("feature/one")
    made.commit("feat: new", {"new.py": ""}, cwd=there)
    made.commit("feat: other", {"other.py": ""})

    said = made.devkit("worktree", "list").output.splitlines()

    assert empty == "no worktree yet: devkit start feature/NAME\n"
    assert said[0].split() == ["NAME", "BRANCH", "PORT", "DATABASE", "STATUS"]
    assert said[1].split() == ["one", "feature/one", str(FIRST_PORT), "dev_one", "1", "ahead,", "1", "behind", "main"]


def test_doctor_names_what_is_wrong(made: Service) -> None:
    there = made.start("feature/one")
    (there / ".env").unlink()
    (there / ".dev/worktree.json").write_text("{}")
    made.killed("begin:prepare", "start", "feature/two")

    found = made.facts("worktree", "doctor")

    assert found["error"] == "5 problems"
    assert "has no .env" in found["details"][0]
    assert "names no database. Write it again: devkit worktree init" in found["details"][1]
    assert "two: was interrupted: cd " in found["details"][2]
    assert made.facts("worktree", "init", cwd=there)["ok"]


def test_unknown_worktree_is_refused_with_those_there_are(made: Service) -> None:
    made.start("feature/one")

    assert made.facts("worktree", "remove", "two")["next"] == "devkit worktree list; there are: one"
    assert "name one of: one" in made.facts("worktree", "remove")["next"]


@pytest.mark.parametrize("text", ["{", "[]", '{"worktrees": [{"name": "x"}]}'])
def test_damaged_registry_is_refused_with_its_path(made: Service, text: str) -> None:
    (made.root / ".git/devkit").mkdir()
    (made.root / ".git/devkit/worktrees.json").write_text(text)

    found = made.facts("worktree", "list")

    assert "worktrees.json" in found["error"]
    assert "rm " in found["next"]


def test_env_of_the_developer_comes_along_without_the_address_of_the_database(made: Service) -> None:
    (made.root / ".env").write_text(
        "KEY='a b'\nexport PORT=8000\nDATABASE_URL=postgresql://db.example/app\nDIRECT_URL=\n"
    )

    done = made.devkit("start", "feature/one")

    text = (made.root / ".worktrees/one/.env").read_text()
    assert text == f"KEY='a b'\nDIRECT_URL=\n# Of this worktree, by devkit:\nPORT={FIRST_PORT}\n"
    assert "DATABASE_URL of the main worktree is not taken over" in done.output


def test_own_env_of_a_worktree_stays(made: Service) -> None:
    there = made.start("feature/one")
    with (there / ".env").open("a") as file:
        file.write("DATABASE_URL=postgresql://db.example/mine\nDEBUG=true\n")

    made.facts("worktree", "init", cwd=there)

    text = (there / ".env").read_text()
    assert text.endswith(
        f"DATABASE_URL=postgresql://db.example/mine\nDEBUG=true\n# Of this worktree, by devkit:\nPORT={FIRST_PORT}\n"
    )
    assert text.count("PORT=") == 1


def test_containers_have_a_project_of_their_own_and_go_with_the_worktree(
    made: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(f'#!/bin/sh\necho "$@" >> "{tmp_path}/called"\n[ ! -e "{tmp_path}/no-compose" ]\n')
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(docker.parent), prepend=":")
    made.commit("chore: compose", {"compose.yaml": ""})

    there = made.start("feature/one")
    assert "COMPOSE_PROJECT_NAME=my-service-one\n" in (there / ".env").read_text()
    made.facts("worktree", "remove", "one")
    called = (tmp_path / "called").read_text()
    made.start("feature/two")
    (tmp_path / "no-compose").touch()
    without = made.devkit("worktree", "remove", "two")

    assert called == "compose version\ncompose --project-name my-service-one down --volumes --remove-orphans\n"
    assert "containers:" not in without.output
