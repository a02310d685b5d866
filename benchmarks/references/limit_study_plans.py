"""The limit of study plans: one statement for each read."""

from typing import Final
from uuid import uuid4

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.references.limit import as_json

_LIST: Final = (
    "SELECT id::text, title, description, created_at, updated_at,"
    " (SELECT count(*) FROM study_plans WHERE owner_id = $1) AS total"
    " FROM study_plans WHERE owner_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3"
)
_READ: Final = (
    "SELECT plan.id::text, plan.title, plan.description, plan.created_at, plan.updated_at,"
    " code.id::text AS code_id, code.code, code.label"
    " FROM study_plans AS plan LEFT JOIN codes AS code ON code.study_plan_id = plan.id"
    " WHERE plan.id = $1 AND plan.owner_id = $2 ORDER BY code.code"
)
_INSERT: Final = "INSERT INTO study_plans (id, owner_id, title, description) VALUES ($1, $2, $3, $4) RETURNING created_at, updated_at"
_INSERT_CODES: Final = (
    "INSERT INTO codes (id, study_plan_id, code, label)"
    " SELECT id, $1, code, label FROM unnest($2::uuid[], $3::text[], $4::text[]) AS new (id, code, label)"
)
_FIELDS: Final = ("id", "title", "description", "created_at", "updated_at")


async def list_plans(request: Request) -> Response:
    """List the caller's plans, newest first."""
    query = request.query_params
    limit, offset = int(query.get("limit", 20)), int(query.get("offset", 0))
    rows = await request.app.state.pool.fetch(_LIST, request.headers["x-owner"], limit, offset)
    items = [dict(zip(_FIELDS, row, strict=False)) for row in rows]
    return as_json({"items": items, "total": rows[0]["total"] if rows else 0, "limit": limit, "offset": offset})


async def read_plan(request: Request) -> Response:
    """Show a plan with its codes."""
    rows = await request.app.state.pool.fetch(_READ, request.path_params["plan_id"], request.headers["x-owner"])
    if not rows:
        return Response(status_code=404)
    codes = [{"id": row[5], "code": row[6], "label": row[7]} for row in rows if row[5]]
    return as_json({**dict(zip(_FIELDS, rows[0], strict=False)), "codes": codes})


async def create_plan(request: Request) -> Response:
    """Make a plan with its codes."""
    data = orjson.loads(await request.body())
    plan_id, title, description = str(uuid4()), data["title"], data["description"]
    codes = [{"id": str(uuid4()), **code} for code in data["codes"]]
    columns = [[code[name] for code in codes] for name in ("id", "code", "label")]
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(_INSERT, plan_id, request.headers["x-owner"], title, description)
        await connection.execute(_INSERT_CODES, plan_id, *columns)
    codes.sort(key=lambda code: code["code"])
    plan = dict(zip(_FIELDS, (plan_id, title, description, *row), strict=True))
    return as_json({**plan, "codes": codes}, status=201, headers={"Location": f"{request.url.path}/{plan_id}"})


ROUTES: Final = [
    Route("/api/v1/study-plans", list_plans),
    Route("/api/v1/study-plans", create_plan, methods=["POST"]),
    Route("/api/v1/study-plans/{plan_id}", read_plan),
]
