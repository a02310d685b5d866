"""Where the caller is signed in."""

PERMISSIONS = {
    "GET /api/v1/auth/sessions": "",
    "DELETE /api/v1/auth/sessions": "",
    "DELETE /api/v1/auth/sessions/{session_id}": "",
}
