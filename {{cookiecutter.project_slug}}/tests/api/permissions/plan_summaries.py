"""Summaries of the caller's own plans."""

PERMISSIONS = {"POST /api/v1/study-plans/{plan_id}/summary": "plans:read"}
