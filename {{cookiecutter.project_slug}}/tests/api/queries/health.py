"""Is the process alive, and can it do its work?"""

READINESS = [
    (
        "SELECT current_setting('server_encoding'), to_regclass('alembic_version') IS NOT NULL,"
        " obj_description(to_regclass('alembic_version'), 'pg_class')"
    ),
    "SELECT version_num FROM alembic_version",
]
STATEMENTS: dict[str, list[str]] = {
    "GET /healthz": [],
    "GET /readyz": READINESS,
    "GET /api/v1/health/healthz": [],
    "GET /api/v1/health/readyz": READINESS,
}
