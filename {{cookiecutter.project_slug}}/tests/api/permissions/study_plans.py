"""The caller's own plans."""

ROLES = {
    "POST /api/v1/study-plans": "member",
    "GET /api/v1/study-plans": "member viewer",
    "GET /api/v1/study-plans/{plan_id}": "member viewer",
    "PUT /api/v1/study-plans/{plan_id}": "member",
    "PATCH /api/v1/study-plans/{plan_id}": "member",
    "DELETE /api/v1/study-plans/{plan_id}": "member",
    "POST /api/v1/study-plans/{plan_id}/codes": "member",
    "DELETE /api/v1/study-plans/{plan_id}/codes/{code_id}": "member",
}
