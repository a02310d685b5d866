"""Is the process alive, and can it do its work?"""

STATEMENTS: dict[str, list[str]] = {
    "GET /healthz": [],
    "GET /readyz": [
        "SELECT to_regclass('alembic_version')",
        "SELECT version_num FROM alembic_version",
    ],
    "GET /api/v1/health/healthz": [],
    "GET /api/v1/health/readyz": [
        "SELECT to_regclass('alembic_version')",
        "SELECT version_num FROM alembic_version",
    ],
}
