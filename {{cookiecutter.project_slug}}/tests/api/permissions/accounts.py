"""The caller's own account."""

ROLES = {
    "PUT /api/v1/auth/password": "member viewer",
}
