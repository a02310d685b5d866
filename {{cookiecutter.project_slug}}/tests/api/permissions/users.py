"""The caller's own profile."""

ROLES = {
    "GET /api/v1/users/me": "member viewer",
    "PATCH /api/v1/users/me": "member",
}
