"""Where the caller is signed in."""

ROLES = {
    "GET /api/v1/auth/sessions": "member viewer",
    "DELETE /api/v1/auth/sessions": "member viewer",
    "DELETE /api/v1/auth/sessions/{session_id}": "member viewer",
}
