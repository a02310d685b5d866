"""The caller's own address."""

PERMISSIONS = {
    "GET /api/v1/auth/email": "profile:read",
    "PUT /api/v1/auth/email": "profile:read",
    "POST /api/v1/auth/email/confirmation": "profile:read",
}
