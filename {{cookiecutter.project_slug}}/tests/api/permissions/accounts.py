"""The caller's own account."""

PERMISSIONS = {
    "PUT /api/v1/auth/password": "profile:read",
}
