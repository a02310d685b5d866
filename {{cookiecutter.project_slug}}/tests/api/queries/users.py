"""The caller's own profile."""

STATEMENTS: dict[str, list[str]] = {
    "GET /api/v1/users/me": [
        """
        SELECT users.id, users.display_name, users.locale, users.created_at, users.updated_at
        FROM users
        WHERE users.id = $1::UUID
        """,
    ],
    "PATCH /api/v1/users/me": [
        """
        SELECT users.id, users.auth_provider, users.auth_subject, users.display_name, users.provider_name,
          users.locale, users.role, users.created_at, users.updated_at
        FROM users
        WHERE users.id = $1::UUID
        """,
        """
        UPDATE users SET display_name=$1::VARCHAR, locale=$2::VARCHAR, updated_at=clock_timestamp()
        WHERE users.id = $3::UUID
        RETURNING users.updated_at
        """,
        "SELECT pg_notify($1::VARCHAR, $2) AS notified",
    ],
}
