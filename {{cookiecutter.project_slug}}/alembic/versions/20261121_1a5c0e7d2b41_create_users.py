"""Create users."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "1a5c0e7d2b41"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("auth_provider", sa.Text(), nullable=False),
        sa.Column("auth_subject", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("provider_name", sa.Text(), server_default="", nullable=False),
        sa.Column("locale", sa.Text(), server_default="en", nullable=False),
        sa.Column("role", sa.Text(), server_default="member", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.CheckConstraint(
            "locale ~ '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$' AND length(locale) <= 35", name=op.f("ck_users_locale")
        ),
        sa.CheckConstraint("role IN ('member', 'staff', 'viewer', 'blocked')", name=op.f("ck_users_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("auth_provider", "auth_subject", name=op.f("uq_users_auth_provider_auth_subject")),
    )
    # {% if cookiecutter.auth in ("telegram", "telegram+clerk") %}
    op.create_table(
        "telegram_exchanges",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_telegram_exchanges")),
    )
    op.create_index(op.f("ix_telegram_exchanges_expires_at"), "telegram_exchanges", ["expires_at"])
    # {% endif %}
    # {% if cookiecutter.auth in ("clerk", "telegram+clerk") %}
    op.create_table(
        "clerk_messages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clerk_messages")),
    )
    op.create_index(op.f("ix_clerk_messages_received_at"), "clerk_messages", ["received_at"])
    op.create_table(
        "clerk_users",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_clerk_users_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_clerk_users")),
    )
    # {% endif %}
    # {% if cookiecutter.auth == "jwt" %}
    _create_accounts()
    _create_sessions()
    # {% endif %}


# {% if cookiecutter.auth == "jwt" %}
def _create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column(
            "password_changed_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_accounts_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("email", name=op.f("uq_accounts_email")),
    )


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("selector", sa.Text(), nullable=False),
        sa.Column("verifier_hash", sa.LargeBinary(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idle_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("selector", name=op.f("uq_sessions_selector")),
    )
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"])


# {% endif %}
def downgrade() -> None:
    """Go back."""
    # {% if cookiecutter.auth == "jwt" %}
    op.drop_table("sessions")
    op.drop_table("accounts")
    # {% endif %}
    # {% if cookiecutter.auth in ("clerk", "telegram+clerk") %}
    op.drop_table("clerk_users")
    op.drop_index(op.f("ix_clerk_messages_received_at"), table_name="clerk_messages")
    op.drop_table("clerk_messages")
    # {% endif %}
    # {% if cookiecutter.auth in ("telegram", "telegram+clerk") %}
    op.drop_table("telegram_exchanges")
    # {% endif %}
    op.drop_table("users")
