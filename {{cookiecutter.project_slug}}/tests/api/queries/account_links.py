"""Links by e-mail. With them a registration enqueues a message, too."""

import httpx2

from tests.api.queries.accounts import STATEMENTS as REGISTER
from tests.api.query_tables import EXAMPLES, Given
from tests.plugins.jobs import ENQUEUE
from tests.plugins.sign_in_jwt import bearer, login

CLIENT = "members_with_links"
STATEMENTS: dict[str, list[str]] = {
    "POST /api/v1/auth/register": [*REGISTER["POST /api/v1/auth/register"], ENQUEUE],
    "PUT /api/v1/auth/password": [*REGISTER["PUT /api/v1/auth/password"], ENQUEUE],
    "GET /api/v1/auth/email": [
        """
        SELECT accounts.email, (confirmed_emails.email = accounts.email) IS true AS confirmed
        FROM accounts LEFT OUTER JOIN confirmed_emails ON confirmed_emails.user_id = accounts.user_id
        WHERE accounts.user_id = $1::UUID
        """,
    ],
    "PUT /api/v1/auth/email": [
        """
        SELECT accounts.email, (confirmed_emails.email = accounts.email) IS true AS confirmed
        FROM accounts LEFT OUTER JOIN confirmed_emails ON confirmed_emails.user_id = accounts.user_id
        WHERE accounts.user_id = $1::UUID
        """,
        """
        SELECT accounts.user_id, accounts.password_hash, accounts.password_changed_at
        FROM accounts JOIN users ON users.id = accounts.user_id
        WHERE accounts.email = $1::VARCHAR AND users.role != $2::VARCHAR
        """,
        ENQUEUE,
    ],
    "POST /api/v1/auth/email/confirmation": [
        """
        SELECT accounts.email, (confirmed_emails.email = accounts.email) IS true AS confirmed
        FROM accounts LEFT OUTER JOIN confirmed_emails ON confirmed_emails.user_id = accounts.user_id
        WHERE accounts.user_id = $1::UUID
        """,
        ENQUEUE,
    ],
    "POST /api/v1/auth/email/confirm": [
        """
        DELETE FROM account_links
        WHERE account_links.token_hash = $1::BYTEA AND account_links.purpose = $2::VARCHAR AND
          account_links.expires_at > now() AND account_links.created_at > (SELECT accounts.password_changed_at
          FROM accounts
          WHERE accounts.user_id = account_links.user_id)
        RETURNING account_links.user_id, account_links.purpose, account_links.token_hash, account_links.email,
          account_links.job_id, account_links.created_at, account_links.expires_at
        """,
        """
        SELECT users.id, accounts.email, users.locale
        FROM users JOIN accounts ON accounts.user_id = users.id
        WHERE accounts.user_id = $1::UUID AND users.role != $2::VARCHAR
        """,
        """
        UPDATE accounts SET email=$1::VARCHAR, updated_at=clock_timestamp()
        WHERE accounts.user_id = $2::UUID AND NOT (EXISTS (SELECT *
            FROM accounts AS accounts_1
            WHERE accounts_1.email = $3::VARCHAR AND accounts_1.user_id != $4::UUID))
        RETURNING accounts.user_id
        """,
        """
        INSERT INTO confirmed_emails (user_id, email, confirmed_at)
        VALUES ($1::UUID, $2::VARCHAR, clock_timestamp())
        ON CONFLICT (user_id) DO UPDATE SET user_id = $3::UUID, email = $4::VARCHAR, confirmed_at =
          clock_timestamp()
        """,
    ],
    "POST /api/v1/auth/password/forgot": [
        ENQUEUE,
    ],
    "POST /api/v1/auth/password/reset": [
        """
        SELECT account_links.email
        FROM account_links
        WHERE account_links.token_hash = $1::BYTEA AND account_links.purpose = $2::VARCHAR AND
          account_links.expires_at > now() AND account_links.created_at > (SELECT accounts.password_changed_at
          FROM accounts
          WHERE accounts.user_id = account_links.user_id)
        """,
        """
        DELETE FROM account_links
        WHERE account_links.token_hash = $1::BYTEA AND account_links.purpose = $2::VARCHAR AND
          account_links.expires_at > now() AND account_links.created_at > (SELECT accounts.password_changed_at
          FROM accounts
          WHERE accounts.user_id = account_links.user_id)
        RETURNING account_links.user_id, account_links.purpose, account_links.token_hash, account_links.email,
          account_links.job_id, account_links.created_at, account_links.expires_at
        """,
        """
        SELECT users.id, accounts.email, users.locale
        FROM users JOIN accounts ON accounts.user_id = users.id
        WHERE accounts.user_id = $1::UUID AND users.role != $2::VARCHAR
        """,
        """
        UPDATE accounts SET password_hash=$1::VARCHAR, password_changed_at=clock_timestamp(),
          updated_at=clock_timestamp()
        WHERE accounts.user_id = $2::UUID
        """,
        """
        INSERT INTO confirmed_emails (user_id, email, confirmed_at)
        VALUES ($1::UUID, $2::VARCHAR, clock_timestamp())
        ON CONFLICT (user_id) DO UPDATE SET user_id = $3::UUID, email = $4::VARCHAR, confirmed_at =
          clock_timestamp()
        """,
        "DELETE FROM account_links WHERE account_links.user_id = $1::UUID",
        """
        UPDATE sessions SET revoked_at=$1::TIMESTAMP WITH TIME ZONE
        WHERE sessions.user_id = $2::UUID AND sessions.revoked_at IS NULL
        RETURNING sessions.id, sessions.user_id
        """,
        "SELECT pg_notify($1::VARCHAR, $2) AS notified",
        ENQUEUE,
    ],
}


async def given(client: httpx2.AsyncClient) -> Given:
    """Grace, who has an account with the password of the contract's examples, and links with their tokens."""
    password = str((EXAMPLES["PUT /api/v1/auth/email"] or {})["current_password"])
    return Given(headers=bearer(await login(client, "grace@example.com", password)))
