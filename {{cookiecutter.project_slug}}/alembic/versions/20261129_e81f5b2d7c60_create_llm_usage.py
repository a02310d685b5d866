"""Create the usage of language models."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "e81f5b2d7c60"
down_revision: str | None = "1a5c0e7d2b41"
# {% if cookiecutter.example and cookiecutter.llm %}
down_revision = "5d1f3c9a8e02"
# {% endif %}
# {% if cookiecutter.jobs %}
down_revision = "7c2e91d04ab6"
# {% endif %}
# {% if cookiecutter.mail %}
down_revision = "b4d17c60a9e3"
# {% endif %}
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "llm_usage",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("model", sa.Text(), server_default="", nullable=False),
        sa.Column("tokens_in", sa.Integer(), nullable=False),
        sa.Column("tokens_out", sa.Integer(), nullable=False),
        sa.Column("is_partial", sa.Boolean(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("forget_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_llm_usage_user_id_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_llm_usage")),
    )
    op.create_index(op.f("ix_llm_usage_user_id_created_at"), "llm_usage", ["user_id", "created_at"])


def downgrade() -> None:
    """Go back."""
    op.drop_index(op.f("ix_llm_usage_user_id_created_at"), table_name="llm_usage")
    op.drop_table("llm_usage")
