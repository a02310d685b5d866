"""The caller's own profile."""

PERMISSIONS = {
    "GET /api/v1/users/me": "profile:read",
    "PATCH /api/v1/users/me": "profile:write",
}
