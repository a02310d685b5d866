"""What Clerk reports about its users."""

import time

import httpx2
from service_devkit.contract.values import Node

from app.auth import svix
from app.core.settings.clerk import ClerkSettings
from tests.api.query_tables import Given, content_of
from tests.plugins.sign_in_clerk import WEBHOOK_SECRET

STATEMENTS: dict[str, list[str]] = {
    "POST /api/v1/webhooks/clerk": [
        "INSERT INTO clerk_messages (id) VALUES ($1::VARCHAR) ON CONFLICT DO NOTHING RETURNING clerk_messages.id",
        """
        DELETE FROM clerk_messages
        WHERE clerk_messages.id IN (SELECT clerk_messages.id
          FROM clerk_messages
          WHERE clerk_messages.received_at < now() - $1::INTERVAL
          ORDER BY clerk_messages.received_at LIMIT $2::INTEGER
          FOR UPDATE SKIP LOCKED)
        RETURNING clerk_messages.id
        """,
        """
        INSERT INTO users (id, auth_provider, auth_subject, display_name, provider_name, locale)
        VALUES ($1::UUID, $2::VARCHAR, $3::VARCHAR, $4::VARCHAR, $5::VARCHAR, $6::VARCHAR)
        ON CONFLICT (auth_provider, auth_subject) DO NOTHING
        RETURNING users.id, users.auth_provider, users.auth_subject, users.display_name, users.provider_name,
          users.locale, users.role, users.created_at, users.updated_at
        """,
        """
        INSERT INTO clerk_users (user_id, changed_at)
        VALUES ($1::UUID, $2::BIGINT)
        ON CONFLICT (user_id) DO UPDATE SET changed_at = excluded.changed_at
        WHERE clerk_users.changed_at < excluded.changed_at
        RETURNING clerk_users.user_id
        """,
        """
        SELECT users.id, users.auth_provider, users.auth_subject, users.display_name, users.provider_name,
          users.locale, users.role, users.created_at, users.updated_at
        FROM users
        WHERE users.id = $1::UUID
        FOR UPDATE
        """,
    ],
}
EVENT: Node = {
    "type": "user.created",
    "data": {
        "id": "user_42",
        "first_name": "Ada",
        "last_name": None,
        "username": None,
        "updated_at": 1_790_000_000_000,
    },
}


async def given(_client: httpx2.AsyncClient) -> Given:
    """A message that Clerk has signed, about somebody who is new."""
    key = ClerkSettings.model_validate({"clerk_webhook_secret": WEBHOOK_SECRET}).clerk_webhook_keys[0]
    timestamp = str(int(time.time()))
    headers = {
        "svix-id": "msg_1",
        "svix-timestamp": timestamp,
        "svix-signature": svix.signature("msg_1", timestamp, content_of(EVENT), key),
    }
    return Given(bodies={"POST /api/v1/webhooks/clerk": EVENT}, headers=headers)
