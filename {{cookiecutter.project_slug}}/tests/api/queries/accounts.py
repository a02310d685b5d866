"""People with a password."""

import httpx2

from tests.api.query_tables import EXAMPLES, Given
from tests.plugins.sign_in_jwt import bearer, login, register

CLIENT = "members"
STATEMENTS: dict[str, list[str]] = {
    "POST /api/v1/auth/register": [
        """
        INSERT INTO users (id, auth_provider, auth_subject, display_name, provider_name, locale)
        VALUES ($1::UUID, $2::VARCHAR, $3::VARCHAR, $4::VARCHAR, $5::VARCHAR, $6::VARCHAR)
        RETURNING users.role, users.created_at, users.updated_at
        """,
        """
        INSERT INTO accounts (user_id, email, password_hash)
        VALUES ($1::UUID, $2::VARCHAR, $3::VARCHAR)
        ON CONFLICT (email) DO NOTHING
        RETURNING accounts.user_id
        """,
        """
        DELETE FROM users
        WHERE users.id = $1::UUID AND NOT (EXISTS (SELECT *
            FROM accounts
            WHERE accounts.user_id = $1::UUID))
        """,
    ],
    "PUT /api/v1/auth/password": [
        "SELECT accounts.email FROM accounts WHERE accounts.user_id = $1::UUID",
        """
        SELECT accounts.user_id, accounts.password_hash, accounts.password_changed_at
        FROM accounts JOIN users ON users.id = accounts.user_id
        WHERE accounts.email = $1::VARCHAR AND users.role != $2::VARCHAR
        """,
        """
        SELECT accounts.user_id
        FROM accounts
        WHERE accounts.user_id = $1::UUID AND accounts.password_changed_at = $2::TIMESTAMP WITH TIME ZONE
        FOR UPDATE
        """,
        """
        UPDATE accounts SET password_hash=$1::VARCHAR, updated_at=clock_timestamp()
        WHERE accounts.user_id = $2::UUID AND accounts.password_changed_at = $3::TIMESTAMP WITH TIME ZONE
        """,
        """
        UPDATE accounts SET password_changed_at=clock_timestamp(), updated_at=clock_timestamp()
        WHERE accounts.user_id = $1::UUID
        """,
        """
        UPDATE sessions SET revoked_at=$1::TIMESTAMP WITH TIME ZONE
        WHERE sessions.user_id = $2::UUID AND sessions.revoked_at IS NULL
        RETURNING sessions.id, sessions.user_id
        """,
        "SELECT pg_notify($1::VARCHAR, $2) AS notified",
    ],
}


async def given(client: httpx2.AsyncClient) -> Given:
    """Grace, who has an account with the password of the contract's examples."""
    password = str((EXAMPLES["PUT /api/v1/auth/password"] or {})["current_password"])
    await register(client, "grace@example.com", password)
    return Given(headers=bearer(await login(client, "grace@example.com", password)))
