"""Where the caller is signed in."""

import httpx2
from service_devkit.contract.values import Node

from tests.api.query_tables import EXAMPLES, Given
from tests.plugins.sign_in_jwt import bearer, login, register

CLIENT = "members"
STATEMENTS: dict[str, list[str]] = {
    "POST /api/v1/auth/login": [
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
        DELETE FROM sessions
        WHERE sessions.user_id = $1::UUID AND (sessions.revoked_at IS NOT NULL OR sessions.expires_at <=
          $2::TIMESTAMP WITH TIME ZONE OR sessions.idle_until <= $3::TIMESTAMP WITH TIME ZONE)
        """,
        """
        DELETE FROM sessions
        WHERE sessions.id IN (SELECT sessions.id
          FROM sessions
          WHERE sessions.user_id = $1::UUID
          ORDER BY sessions.rotated_at DESC LIMIT ALL OFFSET $2::INTEGER)
        RETURNING sessions.id
        """,
        """
        INSERT INTO sessions (id, user_id, selector, verifier_hash, previous_hash, user_agent, rotated_at,
          idle_until, expires_at, revoked_at)
        VALUES ($1::UUID, $2::UUID, $3::VARCHAR, $4::BYTEA, $5::BYTEA, $6::VARCHAR, $7::TIMESTAMP WITH TIME
          ZONE, $8::TIMESTAMP WITH TIME ZONE, $9::TIMESTAMP WITH TIME ZONE, $10::TIMESTAMP WITH TIME ZONE)
        RETURNING sessions.created_at
        """,
    ],
    "POST /api/v1/auth/refresh": [
        """
        UPDATE sessions SET verifier_hash=$1::BYTEA, previous_hash=$2::BYTEA, rotated_at=$3::TIMESTAMP WITH
          TIME ZONE, idle_until=$4::TIMESTAMP WITH TIME ZONE
        WHERE sessions.selector = $5::VARCHAR AND NOT (sessions.revoked_at IS NOT NULL OR sessions.expires_at
          <= $6::TIMESTAMP WITH TIME ZONE OR sessions.idle_until <= $7::TIMESTAMP WITH TIME ZONE) AND
          sessions.user_id IN (SELECT users.id
          FROM users
          WHERE users.role != $8::VARCHAR) AND sessions.verifier_hash = $9::BYTEA
        RETURNING sessions.id, sessions.user_id, sessions.selector, sessions.verifier_hash,
          sessions.previous_hash, sessions.user_agent, sessions.created_at, sessions.rotated_at,
          sessions.idle_until, sessions.expires_at, sessions.revoked_at
        """,
    ],
    "POST /api/v1/auth/logout": [
        """
        UPDATE sessions SET revoked_at=$1::TIMESTAMP WITH TIME ZONE
        WHERE sessions.selector = $2::VARCHAR AND sessions.revoked_at IS NULL
        RETURNING sessions.id, sessions.user_id
        """,
        "SELECT pg_notify($1::VARCHAR, $2) AS notified",
    ],
    "GET /api/v1/auth/sessions": [
        """
        SELECT sessions.id, sessions.user_agent, sessions.created_at, sessions.rotated_at AS last_used_at,
          least(sessions.idle_until, sessions.expires_at) AS expires_at
        FROM sessions
        WHERE sessions.user_id = $1::UUID AND NOT (sessions.revoked_at IS NOT NULL OR sessions.expires_at <=
          $2::TIMESTAMP WITH TIME ZONE OR sessions.idle_until <= $3::TIMESTAMP WITH TIME ZONE)
        ORDER BY sessions.rotated_at DESC, sessions.id
        """,
    ],
    "DELETE /api/v1/auth/sessions": [
        """
        UPDATE sessions SET revoked_at=$1::TIMESTAMP WITH TIME ZONE
        WHERE sessions.user_id = $2::UUID AND sessions.revoked_at IS NULL
        RETURNING sessions.id, sessions.user_id
        """,
        "SELECT pg_notify($1::VARCHAR, $2) AS notified",
    ],
    "DELETE /api/v1/auth/sessions/{session_id}": [
        """
        UPDATE sessions SET revoked_at=$1::TIMESTAMP WITH TIME ZONE
        WHERE sessions.id = $2::UUID AND sessions.user_id = $3::UUID AND NOT (sessions.revoked_at IS NOT NULL
          OR sessions.expires_at <= $4::TIMESTAMP WITH TIME ZONE OR sessions.idle_until <= $5::TIMESTAMP WITH
          TIME ZONE) AND sessions.revoked_at IS NULL
        RETURNING sessions.id, sessions.user_id
        """,
        "SELECT pg_notify($1::VARCHAR, $2) AS notified",
    ],
}


async def given(client: httpx2.AsyncClient) -> Given:
    """The person of the contract's example, signed in."""
    email, password = (str(value) for value in (EXAMPLES["POST /api/v1/auth/login"] or {}).values())
    await register(client, email, password)
    tokens = await login(client, email, password)
    sessions = (await client.get("/api/v1/auth/sessions", headers=bearer(tokens))).json()["sessions"]
    token: Node = {"refresh_token": tokens["refresh_token"]}
    return Given(
        parameters={"session_id": sessions[0]["id"]},
        bodies={"POST /api/v1/auth/refresh": token, "POST /api/v1/auth/logout": token},
        headers=bearer(tokens),
    )
