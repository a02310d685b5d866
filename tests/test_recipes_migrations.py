"""`just migration` and `just gate migrations` of a service, on what people put into models and revisions."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.project import Project
from tests.recipes import Recipes
from tests.variants import Variant, all_off

pytestmark = pytest.mark.slow

MODELS = '''
"""What autogenerate met badly."""

from sqlalchemy import Column, Enum, Identity, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, ExcludeConstraint

from app.models.base import Base

ODD = Table(
    "odd",
    Base.metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("data", JSONB, server_default="{}", nullable=False),
    Column("key", Text, server_default=text("gen_random_uuid()::text"), nullable=False),
    Column("state", Enum("new", "done", native_enum=False, create_constraint=True, name="state"), server_default="new"),
    Column("at", TSTZRANGE),
    ExcludeConstraint(("key", "="), (text("at"), "&&"), name="ex_odd_at", using="gist"),
    Index("ix_odd_key", text("lower(key)"), postgresql_where=text("key <> ''")),
)
SHOP = Table("carts", Base.metadata, Column("id", Integer, Identity(), primary_key=True), schema="shop")
'''
MORE = 'SHOP.append_constraint(ExcludeConstraint((SHOP.c.id, "="), name="ex_carts_id", using="gist"))\n'
WAIVER = "\n\n# squawk: ignore constraint-missing-not-valid: few rows\n\nrevision"
BOOKS = 'op.create_table("books", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("title", sa.Text(), nullable=False))'


FOREIGN = """
import asyncio, os, asyncpg

async def run():
    connection = await asyncpg.connect(os.environ["DATABASE_URL"].replace("+asyncpg", ""))
    await connection.execute("CREATE TABLE spatial_ref_sys (id integer); CREATE SCHEMA other; CREATE TABLE other.things (id integer)")
    await connection.close()

asyncio.run(run())
"""


@pytest.fixture
def recipes(baked: Callable[[Variant], Project], tmp_path: Path, service_commands: Path) -> Recipes:
    return Recipes(baked(all_off()), tmp_path / "my-service", service_commands)


@pytest.fixture
def run(recipes: Recipes, service_commands: Path) -> Callable[..., str]:
    """What a recipe prints, which must succeed; `uv run` of it takes the shared environment."""
    environment = {"UV_PROJECT_ENVIRONMENT": str(service_commands.parent), "UV_NO_SYNC": "1"}

    def just(*arguments: str) -> str:
        done = recipes.just(*arguments, **environment)
        assert done.returncode == 0, done.stdout
        return done.stdout

    return just


def revise(
    recipes: Recipes, revision: str, after: str, upgrade: str, downgrade: str = "pass", comment: str = ""
) -> None:
    """Write a revision by hand."""
    (recipes.project.root / "alembic" / "versions" / f"20261122_{revision}_test.py").write_text(
        f"import sqlalchemy as sa\nfrom alembic import op\n\n{comment}\nrevision = {revision!r}\ndown_revision = {after!r}\n\n\n"
        f"def upgrade() -> None:\n    {upgrade}\n\n\ndef downgrade() -> None:\n    {downgrade}\n",
        encoding="utf-8",
    )


def test_what_models_say_is_written_once_and_what_nobody_here_knows_is_left_alone(
    recipes: Recipes, run: Callable[..., str], service_commands: Path
) -> None:
    root = recipes.project.root
    (root / "app" / "models" / "odd.py").write_text(MODELS.lstrip(), encoding="utf-8")
    run("migrate")
    devkit = (service_commands / "devkit", "exec", "--", service_commands / "python", "-c", FOREIGN)
    foreign = recipes.project.run(*devkit, PATH=recipes.path)

    output = run("migration", 'add "odd" things')
    (first,) = (root / "alembic" / "versions").glob("*_add_odd_things.py")
    written = first.read_text(encoding="utf-8")
    schema = written.replace("op.create_table(", 'op.execute("CREATE SCHEMA shop")\n    op.create_table(', 1)
    first.write_text(f'{schema.rstrip()}\n    op.execute("DROP SCHEMA shop")\n', encoding="utf-8")
    run("migrate")
    run("migration", "nothing new")
    (second,) = (root / "alembic" / "versions").glob("*_nothing_new.py")
    empty = second.read_text(encoding="utf-8")
    with (root / "app" / "models" / "odd.py").open("a", encoding="utf-8") as models:
        models.write(MORE)
    run("migrate")
    run("migration", "carts once")
    (third,) = (root / "alembic" / "versions").glob("*_carts_once.py")
    third.write_text(third.read_text(encoding="utf-8").replace("\n\nrevision", WAIVER, 1), encoding="utf-8")
    gates = run("gate", "format", "lint", "migrations")

    assert [written.count("btree_gist"), written.count("ex_odd_at")] == [1, 1]
    assert foreign.returncode == 0, foreign.stdout
    assert "spatial_ref_sys" in output
    assert "other" not in written
    assert "op.drop_table" not in written.partition("def downgrade")[0]
    assert re.findall(r"\bop\.\w+", empty) == []
    assert "import sqlalchemy as sa\nfrom alembic import op\n" in empty
    assert "ok  " in gates


def test_what_is_wrong_with_revisions_is_reported_for_each(recipes: Recipes) -> None:
    faults = [
        ('op.drop_table("books")', BOOKS, "ban-drop-table"),
        (
            'op.add_column("users", sa.Column("kind", sa.Text(), nullable=False))',
            'op.drop_column("users", "kind")',
            "adding-required-field",
        ),
        (
            'op.create_index("ix_users_kind", "users", ["kind"])',
            'op.drop_index("ix_users_kind")',
            "require-concurrent-index-creation",
        ),
        ('op.execute("ALTER TABEL users")', "pass", "syntax-error"),
        ('op.get_bind().execute(sa.text("SELECT 1")).scalar_one()', "pass", "AttributeError"),
    ]
    revise(recipes, "b00000000000", "1a5c0e7d2b41", BOOKS, 'op.drop_table("books")')
    for number, (upgrade, downgrade, _) in enumerate(faults, start=1):
        revise(recipes, f"b{number:011}", f"b{number - 1:011}", upgrade, downgrade)

    done = recipes.just("gate", "migrations")

    assert done.returncode == 1
    assert [message for *_, message in faults if message not in done.stdout] == []
    assert "test_revision_blocks_no_live_database[b00000000000]" not in done.stdout


@pytest.mark.parametrize(
    ("upgrade", "downgrade", "comment", "message"),
    [
        (BOOKS, "pass", "", 'relation "books" already exists'),
        (BOOKS, 'op.drop_table("books")', "", "public.books: a migration makes it, and no model describes it"),
        (
            'op.drop_column("users", "role")',
            "pass",
            "# squawk: ignore ban-drop-column: nothing reads it",
            "column role",
        ),
        ('op.drop_column("users", "role")', "pass", "# squawk: ignore ban-drop-column", "ban-drop-column"),
        ("pass", 'op.drop_column("users", "nothing")', "", "downgrade of "),
    ],
)
def test_revision_that_cannot_be_taken_back_or_leaves_the_models_is_reported(
    recipes: Recipes, upgrade: str, downgrade: str, comment: str, message: str
) -> None:
    revise(recipes, "b00000000000", "1a5c0e7d2b41", upgrade, downgrade, comment)

    done = recipes.just("gate", "migrations")

    assert done.returncode == 1
    assert message in done.stdout


def test_two_heads_and_a_wrong_name_are_told(recipes: Recipes) -> None:
    for revision in ("b00000000000", "c00000000000"):
        revise(recipes, revision, "1a5c0e7d2b41", "pass")
    versions = recipes.project.root / "alembic" / "versions"
    (versions / "20261122_c00000000000_test.py").rename(versions / "books.py")

    done = recipes.just("gate", "migrations")

    assert "follow none of each other" in done.stdout
    assert "20261122_b00000000000_test.py" in done.stdout
    assert "test_file_is_named_by_day_revision_and_subject[c00000000000]" in done.stdout


def test_patterns_of_the_documentation_pass_without_a_warning(recipes: Recipes) -> None:
    text = recipes.project.text("docs/migrations.md")
    shown = re.findall(r"^`alembic/versions/(\S+)`\n\n```python\n(.*?)```", text, re.MULTILINE | re.DOTALL)
    revise(recipes, "3f1c6a0d2b47", "1a5c0e7d2b41", BOOKS, 'op.drop_table("books")')
    for name, source in shown:
        (recipes.project.root / "alembic" / "versions" / name).write_text(source, encoding="utf-8")
    recipes.write("tests/test_migrations.py", '"public.alembic_version"}', '"public.alembic_version", "public.books"}')

    done = recipes.just("gate", "migrations")

    assert len(shown) == 5
    assert done.returncode == 0, done.stdout
    assert "warning" not in done.stdout.lower()
