"""The caller's own plans."""

import httpx2

from tests.api.query_tables import Given

STATEMENTS: dict[str, list[str]] = {
    "GET /api/v1/study-plans": [
        """
        SELECT study_plans.id, study_plans.title, study_plans.description, study_plans.created_at,
          study_plans.updated_at, (SELECT count(*) AS count_1
          FROM study_plans
          WHERE study_plans.owner_id = $1::UUID) AS total
        FROM study_plans
        WHERE study_plans.owner_id = $1::UUID
        ORDER BY study_plans.created_at DESC, study_plans.id DESC LIMIT $2 OFFSET $3
        """,
    ],
    "POST /api/v1/study-plans": [
        """
        WITH plan AS (INSERT INTO study_plans (id, owner_id, title, description)
          VALUES ($4::UUID, $5::UUID, $6::VARCHAR, $7::VARCHAR)
          RETURNING study_plans.id, study_plans.title, study_plans.description, study_plans.created_at,
            study_plans.updated_at), codes AS (INSERT INTO codes (id, study_plan_id, code, label) SELECT
            unnest($1::UUID[]) AS unnest_1, plan.id AS id, unnest($2::TEXT[]) AS unnest_2, unnest($3::TEXT[])
            AS unnest_3
          FROM plan) SELECT plan.id, plan.title, plan.description, plan.created_at, plan.updated_at,
            pg_notify($8::VARCHAR, $9) AS notified
        FROM plan
        """,
    ],
    "POST /api/v1/study-plans/extract": [],
    "GET /api/v1/study-plans/{plan_id}": [
        """
        SELECT study_plans.id, study_plans.title, study_plans.description, study_plans.created_at,
          study_plans.updated_at, codes.id AS code_id, codes.code, codes.label
        FROM study_plans LEFT OUTER JOIN codes ON study_plans.id = codes.study_plan_id
        WHERE study_plans.id = $1::UUID AND study_plans.owner_id = $2::UUID
        ORDER BY codes.code
        """,
    ],
    "PUT /api/v1/study-plans/{plan_id}": [
        """
        SELECT study_plans.id, study_plans.owner_id, study_plans.title, study_plans.description,
          study_plans.created_at, study_plans.updated_at
        FROM study_plans
        WHERE study_plans.id = $1::UUID AND study_plans.owner_id = $2::UUID
        FOR UPDATE
        """,
        """
        SELECT codes.study_plan_id, codes.id, codes.code, codes.label, codes.created_at, codes.updated_at
        FROM codes
        WHERE codes.study_plan_id IN ($1::UUID)
        ORDER BY codes.code
        """,
        """
        UPDATE study_plans SET title=$1::VARCHAR, description=$2::VARCHAR, updated_at=clock_timestamp()
        WHERE study_plans.id = $3::UUID
        RETURNING study_plans.updated_at
        """,
        """
        INSERT INTO codes (id, study_plan_id, code, label)
        VALUES ($1::UUID, $2::UUID, $3::VARCHAR, $4::VARCHAR)
        RETURNING codes.created_at, codes.updated_at
        """,
        "DELETE FROM codes WHERE codes.id = $1::UUID",
        "SELECT pg_notify($1::VARCHAR, $2) AS notified",
    ],
    "DELETE /api/v1/study-plans/{plan_id}": [
        """
        DELETE FROM study_plans
        WHERE study_plans.id = $1::UUID AND study_plans.owner_id = $2::UUID
        RETURNING study_plans.id
        """,
        "SELECT pg_notify($1::VARCHAR, $2) AS notified",
    ],
    "PATCH /api/v1/study-plans/{plan_id}": [
        """
        SELECT study_plans.id, study_plans.owner_id, study_plans.title, study_plans.description,
          study_plans.created_at, study_plans.updated_at
        FROM study_plans
        WHERE study_plans.id = $1::UUID AND study_plans.owner_id = $2::UUID
        FOR UPDATE
        """,
        """
        SELECT codes.study_plan_id, codes.id, codes.code, codes.label, codes.created_at, codes.updated_at
        FROM codes
        WHERE codes.study_plan_id IN ($1::UUID)
        ORDER BY codes.code
        """,
        """
        UPDATE study_plans SET title=$1::VARCHAR, updated_at=clock_timestamp()
        WHERE study_plans.id = $2::UUID
        RETURNING study_plans.updated_at
        """,
        "SELECT pg_notify($1::VARCHAR, $2) AS notified",
    ],
    "POST /api/v1/study-plans/{plan_id}/codes": [
        """
        SELECT study_plans.id, study_plans.owner_id, study_plans.title, study_plans.description,
          study_plans.created_at, study_plans.updated_at
        FROM study_plans
        WHERE study_plans.id = $1::UUID AND study_plans.owner_id = $2::UUID
        FOR UPDATE
        """,
        """
        SELECT codes.study_plan_id, codes.id, codes.code, codes.label, codes.created_at, codes.updated_at
        FROM codes
        WHERE codes.study_plan_id IN ($1::UUID)
        ORDER BY codes.code
        """,
        """
        INSERT INTO codes (id, study_plan_id, code, label)
        VALUES ($1::UUID, $2::UUID, $3::VARCHAR, $4::VARCHAR)
        RETURNING codes.created_at, codes.updated_at
        """,
        "SELECT pg_notify($1::VARCHAR, $2) AS notified",
    ],
    "DELETE /api/v1/study-plans/{plan_id}/codes/{code_id}": [
        """
        SELECT study_plans.id, study_plans.owner_id, study_plans.title, study_plans.description,
          study_plans.created_at, study_plans.updated_at
        FROM study_plans
        WHERE study_plans.id = $1::UUID AND study_plans.owner_id = $2::UUID
        FOR UPDATE
        """,
        """
        SELECT codes.study_plan_id, codes.id, codes.code, codes.label, codes.created_at, codes.updated_at
        FROM codes
        WHERE codes.study_plan_id IN ($1::UUID)
        ORDER BY codes.code
        """,
        "DELETE FROM codes WHERE codes.id = $1::UUID AND codes.study_plan_id = $2::UUID RETURNING codes.id",
        "SELECT pg_notify($1::VARCHAR, $2) AS notified",
    ],
}


async def given(client: httpx2.AsyncClient) -> Given:
    """A plan with a code."""
    plan = {"title": "Mathematics", "codes": [{"code": "PHYS-1"}]}
    made = (await client.post("/api/v1/study-plans", json=plan)).json()
    ids = {"plan_id": made["id"], "code_id": made["codes"][0]["id"]}
    return Given(parameters=ids, bodies={"POST /api/v1/study-plans/extract": "MATH-101 Analysis"})
