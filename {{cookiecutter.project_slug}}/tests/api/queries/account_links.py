"""Links by e-mail. With them a registration enqueues a message, too."""

import httpx2

from tests.api.queries.accounts import STATEMENTS as REGISTER
from tests.api.query_tables import EXAMPLES, Given
from tests.plugins.jobs import ENQUEUE
from tests.plugins.sign_in_jwt import bearer, login

CLIENT = "members_with_links"
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
        WITH input AS MATERIALIZED ( -- MATERIALIZED: nextval is volatile and `input` is referenced twice, --
          so pin single evaluation -- each input row gets exactly one id. -- The scalar sub-select resolves
          the sequence name once (InitPlan) -- rather than a catalog lookup per row. -- Skipped
          ON CONFLICT rows leave harmless id gaps; a pre-count CTE -- could avoid them but isn't worth the
            extra pass. SELECT nextval( (SELECT pg_get_serial_sequence('jobs.pgqueuer', 'id')) ) AS id,
            priority, entrypoint, payload, execute_after, dedupe_key, headers, ord
          FROM UNNEST( $1::int[], $2::text[], $3::bytea[], $4::interval[], $5::text[], $6::jsonb[] ) WITH
            ORDINALITY AS t(priority, entrypoint, payload, execute_after, dedupe_key, headers, ord) ),
            inserted AS ( INSERT INTO jobs.pgqueuer AS job (id, priority, entrypoint, payload, execute_after,
            dedupe_key, headers, status) SELECT id, priority, entrypoint, payload, execute_after + NOW(),
            dedupe_key, headers, 'queued'
          FROM input
          ON CONFLICT (dedupe_key)
          WHERE ((status = ANY (ARRAY['queued'::jobs.pgqueuer_status, 'picked'::jobs.pgqueuer_status])) AND
            (dedupe_key IS NOT NULL)) DO NOTHING
          RETURNING id, entrypoint, priority, dedupe_key ), logged AS ( INSERT INTO jobs.pgqueuer_log (job_id,
            status, entrypoint, priority) SELECT id, 'queued', entrypoint, priority
          FROM inserted -- A job whose priority was updated was queued before; log new jobs only.
          WHERE id IN (SELECT id
            FROM input) ) -- Join maps each surviving id back to its input ordinal. Rows skipped by --
        ON CONFLICT are absent from `inserted`, so their positions never appear. SELECT i.ord AS ord, ins.id
          AS id
        FROM inserted ins JOIN input i ON i.id = ins.id
        ORDER BY i.ord
        """,
    ],
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
        """
        WITH input AS MATERIALIZED ( -- MATERIALIZED: nextval is volatile and `input` is referenced twice, --
          so pin single evaluation -- each input row gets exactly one id. -- The scalar sub-select resolves
          the sequence name once (InitPlan) -- rather than a catalog lookup per row. -- Skipped
          ON CONFLICT rows leave harmless id gaps; a pre-count CTE -- could avoid them but isn't worth the
            extra pass. SELECT nextval( (SELECT pg_get_serial_sequence('jobs.pgqueuer', 'id')) ) AS id,
            priority, entrypoint, payload, execute_after, dedupe_key, headers, ord
          FROM UNNEST( $1::int[], $2::text[], $3::bytea[], $4::interval[], $5::text[], $6::jsonb[] ) WITH
            ORDINALITY AS t(priority, entrypoint, payload, execute_after, dedupe_key, headers, ord) ),
            inserted AS ( INSERT INTO jobs.pgqueuer AS job (id, priority, entrypoint, payload, execute_after,
            dedupe_key, headers, status) SELECT id, priority, entrypoint, payload, execute_after + NOW(),
            dedupe_key, headers, 'queued'
          FROM input
          ON CONFLICT (dedupe_key)
          WHERE ((status = ANY (ARRAY['queued'::jobs.pgqueuer_status, 'picked'::jobs.pgqueuer_status])) AND
            (dedupe_key IS NOT NULL)) DO NOTHING
          RETURNING id, entrypoint, priority, dedupe_key ), logged AS ( INSERT INTO jobs.pgqueuer_log (job_id,
            status, entrypoint, priority) SELECT id, 'queued', entrypoint, priority
          FROM inserted -- A job whose priority was updated was queued before; log new jobs only.
          WHERE id IN (SELECT id
            FROM input) ) -- Join maps each surviving id back to its input ordinal. Rows skipped by --
        ON CONFLICT are absent from `inserted`, so their positions never appear. SELECT i.ord AS ord, ins.id
          AS id
        FROM inserted ins JOIN input i ON i.id = ins.id
        ORDER BY i.ord
        """,
    ],
    "POST /api/v1/auth/email/confirmation": [
        """
        SELECT accounts.email, (confirmed_emails.email = accounts.email) IS true AS confirmed
        FROM accounts LEFT OUTER JOIN confirmed_emails ON confirmed_emails.user_id = accounts.user_id
        WHERE accounts.user_id = $1::UUID
        """,
        """
        WITH input AS MATERIALIZED ( -- MATERIALIZED: nextval is volatile and `input` is referenced twice, --
          so pin single evaluation -- each input row gets exactly one id. -- The scalar sub-select resolves
          the sequence name once (InitPlan) -- rather than a catalog lookup per row. -- Skipped
          ON CONFLICT rows leave harmless id gaps; a pre-count CTE -- could avoid them but isn't worth the
            extra pass. SELECT nextval( (SELECT pg_get_serial_sequence('jobs.pgqueuer', 'id')) ) AS id,
            priority, entrypoint, payload, execute_after, dedupe_key, headers, ord
          FROM UNNEST( $1::int[], $2::text[], $3::bytea[], $4::interval[], $5::text[], $6::jsonb[] ) WITH
            ORDINALITY AS t(priority, entrypoint, payload, execute_after, dedupe_key, headers, ord) ),
            inserted AS ( INSERT INTO jobs.pgqueuer AS job (id, priority, entrypoint, payload, execute_after,
            dedupe_key, headers, status) SELECT id, priority, entrypoint, payload, execute_after + NOW(),
            dedupe_key, headers, 'queued'
          FROM input
          ON CONFLICT (dedupe_key)
          WHERE ((status = ANY (ARRAY['queued'::jobs.pgqueuer_status, 'picked'::jobs.pgqueuer_status])) AND
            (dedupe_key IS NOT NULL)) DO NOTHING
          RETURNING id, entrypoint, priority, dedupe_key ), logged AS ( INSERT INTO jobs.pgqueuer_log (job_id,
            status, entrypoint, priority) SELECT id, 'queued', entrypoint, priority
          FROM inserted -- A job whose priority was updated was queued before; log new jobs only.
          WHERE id IN (SELECT id
            FROM input) ) -- Join maps each surviving id back to its input ordinal. Rows skipped by --
        ON CONFLICT are absent from `inserted`, so their positions never appear. SELECT i.ord AS ord, ins.id
          AS id
        FROM inserted ins JOIN input i ON i.id = ins.id
        ORDER BY i.ord
        """,
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
        """
        WITH input AS MATERIALIZED ( -- MATERIALIZED: nextval is volatile and `input` is referenced twice, --
          so pin single evaluation -- each input row gets exactly one id. -- The scalar sub-select resolves
          the sequence name once (InitPlan) -- rather than a catalog lookup per row. -- Skipped
          ON CONFLICT rows leave harmless id gaps; a pre-count CTE -- could avoid them but isn't worth the
            extra pass. SELECT nextval( (SELECT pg_get_serial_sequence('jobs.pgqueuer', 'id')) ) AS id,
            priority, entrypoint, payload, execute_after, dedupe_key, headers, ord
          FROM UNNEST( $1::int[], $2::text[], $3::bytea[], $4::interval[], $5::text[], $6::jsonb[] ) WITH
            ORDINALITY AS t(priority, entrypoint, payload, execute_after, dedupe_key, headers, ord) ),
            inserted AS ( INSERT INTO jobs.pgqueuer AS job (id, priority, entrypoint, payload, execute_after,
            dedupe_key, headers, status) SELECT id, priority, entrypoint, payload, execute_after + NOW(),
            dedupe_key, headers, 'queued'
          FROM input
          ON CONFLICT (dedupe_key)
          WHERE ((status = ANY (ARRAY['queued'::jobs.pgqueuer_status, 'picked'::jobs.pgqueuer_status])) AND
            (dedupe_key IS NOT NULL)) DO NOTHING
          RETURNING id, entrypoint, priority, dedupe_key ), logged AS ( INSERT INTO jobs.pgqueuer_log (job_id,
            status, entrypoint, priority) SELECT id, 'queued', entrypoint, priority
          FROM inserted -- A job whose priority was updated was queued before; log new jobs only.
          WHERE id IN (SELECT id
            FROM input) ) -- Join maps each surviving id back to its input ordinal. Rows skipped by --
        ON CONFLICT are absent from `inserted`, so their positions never appear. SELECT i.ord AS ord, ins.id
          AS id
        FROM inserted ins JOIN input i ON i.id = ins.id
        ORDER BY i.ord
        """,
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
        """
        WITH input AS MATERIALIZED ( -- MATERIALIZED: nextval is volatile and `input` is referenced twice, --
          so pin single evaluation -- each input row gets exactly one id. -- The scalar sub-select resolves
          the sequence name once (InitPlan) -- rather than a catalog lookup per row. -- Skipped
          ON CONFLICT rows leave harmless id gaps; a pre-count CTE -- could avoid them but isn't worth the
            extra pass. SELECT nextval( (SELECT pg_get_serial_sequence('jobs.pgqueuer', 'id')) ) AS id,
            priority, entrypoint, payload, execute_after, dedupe_key, headers, ord
          FROM UNNEST( $1::int[], $2::text[], $3::bytea[], $4::interval[], $5::text[], $6::jsonb[] ) WITH
            ORDINALITY AS t(priority, entrypoint, payload, execute_after, dedupe_key, headers, ord) ),
            inserted AS ( INSERT INTO jobs.pgqueuer AS job (id, priority, entrypoint, payload, execute_after,
            dedupe_key, headers, status) SELECT id, priority, entrypoint, payload, execute_after + NOW(),
            dedupe_key, headers, 'queued'
          FROM input
          ON CONFLICT (dedupe_key)
          WHERE ((status = ANY (ARRAY['queued'::jobs.pgqueuer_status, 'picked'::jobs.pgqueuer_status])) AND
            (dedupe_key IS NOT NULL)) DO NOTHING
          RETURNING id, entrypoint, priority, dedupe_key ), logged AS ( INSERT INTO jobs.pgqueuer_log (job_id,
            status, entrypoint, priority) SELECT id, 'queued', entrypoint, priority
          FROM inserted -- A job whose priority was updated was queued before; log new jobs only.
          WHERE id IN (SELECT id
            FROM input) ) -- Join maps each surviving id back to its input ordinal. Rows skipped by --
        ON CONFLICT are absent from `inserted`, so their positions never appear. SELECT i.ord AS ord, ins.id
          AS id
        FROM inserted ins JOIN input i ON i.id = ins.id
        ORDER BY i.ord
        """,
    ],
}


async def given(client: httpx2.AsyncClient) -> Given:
    """Grace, who has an account with the password of the contract's examples, and links with their tokens."""
    password = str((EXAMPLES["PUT /api/v1/auth/email"] or {})["current_password"])
    return Given(headers=bearer(await login(client, "grace@example.com", password)))
