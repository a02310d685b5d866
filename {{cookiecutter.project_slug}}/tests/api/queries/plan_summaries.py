"""Summaries of the caller's own plans: the plan, a reservation, and what was used."""

import httpx2

from tests.api.query_tables import Given

CLIENT = "client_with_model"

STATEMENTS: dict[str, list[str]] = {
    "POST /api/v1/study-plans/{plan_id}/summary": [
        """
        SELECT study_plans.id, study_plans.title, study_plans.description, study_plans.created_at,
          study_plans.updated_at, codes.id AS code_id, codes.code, codes.label
        FROM study_plans LEFT OUTER JOIN codes ON study_plans.id = codes.study_plan_id
        WHERE study_plans.id = $1::UUID AND study_plans.owner_id = $2::UUID
        ORDER BY codes.code
        """,
        "SELECT users.id FROM users WHERE users.id = $1::UUID FOR NO KEY UPDATE",
        """
        SELECT coalesce(sum(llm_usage.tokens_in + llm_usage.tokens_out), $1::INTEGER) AS coalesce_1
        FROM llm_usage
        WHERE llm_usage.user_id = $2::UUID AND llm_usage.created_at >= $3::TIMESTAMP WITH TIME ZONE
        """,
        """
        INSERT INTO llm_usage (id, user_id, tokens_in, tokens_out, is_partial, cost, forget_at)
        VALUES ($1::UUID, $2::UUID, $3::INTEGER, $4::INTEGER, $5::BOOLEAN, $6::BIGINT, $7::TIMESTAMP WITH TIME
          ZONE)
        RETURNING llm_usage.model, llm_usage.created_at
        """,
        """
        UPDATE llm_usage SET model=$1::VARCHAR, tokens_in=$2::INTEGER, tokens_out=$3::INTEGER,
          is_partial=$4::BOOLEAN, cost=$5::BIGINT
        WHERE llm_usage.id = $6::UUID
        """,
    ],
}


async def given(client: httpx2.AsyncClient) -> Given:
    """A plan."""
    made = (await client.post("/api/v1/study-plans", json={"title": "Mathematics"})).json()
    return Given(parameters={"plan_id": made["id"]})
