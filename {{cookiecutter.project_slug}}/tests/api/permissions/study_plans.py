"""The caller's own plans."""

PERMISSIONS = {
    "POST /api/v1/study-plans": "plans:write",
    "GET /api/v1/study-plans": "plans:read",
    "POST /api/v1/study-plans/extract": "plans:write",
    "GET /api/v1/study-plans/{plan_id}": "plans:read",
    "PUT /api/v1/study-plans/{plan_id}": "plans:write",
    "PATCH /api/v1/study-plans/{plan_id}": "plans:write",
    "DELETE /api/v1/study-plans/{plan_id}": "plans:write",
    "POST /api/v1/study-plans/{plan_id}/codes": "plans:write",
    "DELETE /api/v1/study-plans/{plan_id}/codes/{code_id}": "plans:write",
}
