"""Summaries of the caller's study plans, written by a language model."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from app.api.connected import while_connected
from app.api.deps import ReadSession, require_permission
from app.api.event_stream import EventStream, wants_events
from app.api.llm_deps import Model
from app.api.openapi import problems
from app.core.languages import language_of
from app.core.permissions import Permission
from app.schemas.plan_summaries import WrittenSummary
from app.services import plan_summaries, study_plans
from app.services.users import Caller

router = APIRouter(prefix="/study-plans", tags=["plan summaries"])
MayRead = Annotated[Caller, Depends(require_permission(Permission.PLANS_READ))]
STREAM = {"content": {"text/event-stream": {"schema": {"type": "string"}}}}


@router.post("/{plan_id}/summary", response_model=WrittenSummary, responses={200: STREAM, **problems(404, 409, 422)})
async def summarise_study_plan(
    plan_id: UUID, user: MayRead, model: Model, reader: ReadSession, request: Request
) -> EventStream | WrittenSummary:
    """Summarise a plan in the caller's language; with `Accept: text/event-stream`, while it is being written."""
    language = language_of(request.scope)
    plan = await study_plans.read(reader, owner_id=user.id, plan_id=plan_id)
    if wants_events(request):
        asked = plan_summaries.conversation(plan, language=language)
        return await EventStream.begin(request, model.stream(asked, caller=user.id))
    cache = request.app.state.cache
    work = plan_summaries.summarise(model, cache, caller=user.id, language=language, plan=plan)
    return WrittenSummary(summary=await while_connected(request, work))
