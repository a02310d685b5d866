"""Init data, exchanged for a token."""

STATEMENTS: dict[str, list[str]] = {
    "POST /api/v1/auth/telegram": [
        """
        DELETE FROM telegram_exchanges
        WHERE telegram_exchanges.digest IN (SELECT telegram_exchanges.digest
          FROM telegram_exchanges
          WHERE telegram_exchanges.expires_at < now()
          ORDER BY telegram_exchanges.expires_at LIMIT $1::INTEGER
          FOR UPDATE SKIP LOCKED)
        RETURNING telegram_exchanges.digest
        """,
        """
        INSERT INTO telegram_exchanges (digest, expires_at)
        VALUES ($1::BYTEA, (now() + $2::INTERVAL + $3::INTERVAL))
        ON CONFLICT DO NOTHING
        RETURNING telegram_exchanges.digest
        """,
    ],
}
