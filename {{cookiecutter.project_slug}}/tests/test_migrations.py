"""The gate `migrations`: one line of revisions, each goes up and down and up again, they make what the models say, and none blocks a live database."""

import io
import re
import subprocess
import tomllib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from service_devkit.catalogue import differences, not_compared
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.database_url import parse_database_url
from app.db.engine import create_direct_engine
from app.models import Base

# Tables that migrations make and no model describes, those of a library say, each as `schema.table`.
WITHOUT_A_MODEL = {"public.alembic_version"}
# {% if cookiecutter.jobs %}
WITHOUT_A_MODEL |= {"jobs.pgqueuer", "jobs.pgqueuer_log", "jobs.pgqueuer_schedules", "jobs.pgqueuer_statistics"}
WITHOUT_A_MODEL |= {"jobs.schedules"}
# {% endif %}

ROOT = Path(__file__).parents[1]
DIRECTORY = ScriptDirectory(ROOT / "alembic")
SQUAWK = tomllib.loads((ROOT / ".squawk.toml").read_text(encoding="utf-8"))
WAIVER = re.compile(r"^# squawk: ignore ([a-z-]+): \S", re.MULTILINE)


def config(connection: Connection | None = None, output: io.StringIO | None = None) -> Config:
    """Alembic for this service, on an open connection or as a script."""
    made = Config(ROOT / "alembic.ini", output_buffer=output, stdout=io.StringIO())
    made.set_main_option("script_location", str(ROOT / "alembic").replace("%", "%%"))
    made.attributes["connection"] = connection
    return made


def revisions() -> list[Script]:
    """Every revision, the oldest first."""
    return [*DIRECTORY.walk_revisions()][::-1]


@pytest.fixture
async def connection(fresh_database_url: str) -> AsyncIterator[AsyncConnection]:
    """A migrated database of one's own."""
    engine = create_direct_engine(parse_database_url(fresh_database_url))
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()


def test_revisions_form_one_line() -> None:
    heads = [Path(DIRECTORY.get_revision(head).path).name for head in DIRECTORY.get_heads()]

    assert len(heads) <= 1, (
        f"{heads} follow none of each other: write the first of one branch behind the last of the other, in down_revision"
    )


@pytest.mark.parametrize("script", revisions(), ids=lambda script: script.revision)
def test_file_is_named_by_day_revision_and_subject(script: Script) -> None:
    assert re.fullmatch(rf"20\d\d[01]\d[0-3]\d_{script.revision}_[a-z0-9_]+\.py", Path(script.path).name)


@pytest.mark.parametrize("script", revisions(), ids=lambda script: script.revision)
def test_revision_blocks_no_live_database(script: Script, tmp_path: Path) -> None:
    sql = io.StringIO()
    command.upgrade(config(output=sql), f"{script.down_revision or 'base'}:{script.revision}", sql=True)
    (tmp_path / "revision.sql").write_text(sql.getvalue(), encoding="utf-8")
    waived = WAIVER.findall(Path(script.path).read_text(encoding="utf-8"))
    # The option takes the place of what the file excludes.
    excluded = [f"--exclude={rule}" for rule in waived and [*waived, *SQUAWK["excluded_rules"]]]

    done = subprocess.run(  # noqa: S603 - a tool of ours on a file of ours
        ["squawk", f"--config={ROOT / '.squawk.toml'}", *excluded, tmp_path / "revision.sql"],  # noqa: S607 - on PATH
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


async def test_each_revision_goes_up_and_down_and_up_again(connection: AsyncConnection) -> None:
    async def go(step: Callable[[Config, str], None], target: str, script: Script) -> None:
        try:
            await connection.run_sync(lambda sync: step(config(sync), target))
        except Exception as error:
            error.add_note(f"{step.__name__} of {script.path}")
            raise

    for script in reversed(revisions()):
        await go(command.downgrade, "-1", script)
    for script in revisions():
        await go(command.upgrade, script.revision, script)
        await go(command.downgrade, "-1", script)
        await go(command.upgrade, script.revision, script)


async def test_migrations_make_what_the_models_say(connection: AsyncConnection) -> None:
    found = await connection.run_sync(lambda sync: differences(sync, Base.metadata, without_model=WITHOUT_A_MODEL))

    if unseen := await connection.run_sync(not_compared):
        print("Not compared with the models:", ", ".join(unseen))  # noqa: T201 - shown by the gate
    assert found == [], "\n".join(found)
