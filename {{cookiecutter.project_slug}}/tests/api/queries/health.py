"""Is the process alive, and can it do its work?"""

STATEMENTS: dict[str, list[str]] = {
    "GET /healthz": [],
    "GET /readyz": [
        """
        SELECT current_setting('server_encoding'), to_regclass('alembic_version') IS NOT NULL,
          obj_description(to_regclass('alembic_version'), 'pg_class')
        """,
        "SELECT version_num FROM alembic_version",
    ],
    "GET /api/v1/health/healthz": [],
    "GET /api/v1/health/readyz": [
        """
        SELECT current_setting('server_encoding'), to_regclass('alembic_version') IS NOT NULL,
          obj_description(to_regclass('alembic_version'), 'pg_class')
        """,
        "SELECT version_num FROM alembic_version",
    ],
}
