"""Where the caller is signed in."""

PERMISSIONS = {
    "GET /api/v1/auth/sessions": "profile:read",
    "DELETE /api/v1/auth/sessions": "profile:read",
    "DELETE /api/v1/auth/sessions/{session_id}": "profile:read",
}
