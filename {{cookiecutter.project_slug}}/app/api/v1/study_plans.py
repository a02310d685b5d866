"""The caller's study plans. Other people's plans do not exist for the caller."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response, status
from pydantic import MISSING

from app.api.deps import CursorPagination, ReadSession, Session, get_database, require_permission
from app.api.openapi import BODY_ERRORS, created, problems
from app.core.permissions import Permission
from app.models.study_plans import Code, StudyPlan
from app.schemas.study_plans import (
    CodeCreate,
    CodeRead,
    StudyPlanCreate,
    StudyPlanPage,
    StudyPlanRead,
    StudyPlanSummary,
    StudyPlanUpdate,
)
from app.services import study_plans
from app.services.users import Caller

router = APIRouter(prefix="/study-plans", tags=["study plans"])
MayRead = Annotated[Caller, Depends(require_permission(Permission.PLANS_READ))]
MayWrite = Annotated[Caller, Depends(require_permission(Permission.PLANS_WRITE))]


@router.post(
    "",
    response_model=StudyPlanRead,
    status_code=status.HTTP_201_CREATED,
    responses=created() | problems(*BODY_ERRORS, 409),
)
async def create_study_plan(
    data: StudyPlanCreate, user: MayWrite, request: Request, response: Response
) -> study_plans.Details:
    """Make a plan."""
    plan = await study_plans.create(get_database(request), owner_id=user.id, data=data)
    response.headers["Location"] = f"{request.url.path}/{plan.id}"
    return plan


@router.get("", response_model=StudyPlanPage, responses=problems(404, 422))
async def list_study_plans(page: CursorPagination, user: MayRead, reader: ReadSession) -> study_plans.Page:
    """List the plans, newest first."""
    if page.after is not MISSING:
        return await study_plans.read_after(reader, owner_id=user.id, limit=page.limit, plan_id=page.after)
    return await study_plans.read_page(reader, owner_id=user.id, limit=page.limit, offset=page.offset)


@router.get("/{plan_id}", response_model=StudyPlanRead, responses=problems(404, 422))
async def read_study_plan(plan_id: UUID, user: MayRead, reader: ReadSession) -> study_plans.Details:
    """Show a plan with its codes."""
    return await study_plans.read(reader, owner_id=user.id, plan_id=plan_id)


@router.put("/{plan_id}", response_model=StudyPlanRead, responses=problems(*BODY_ERRORS, 404, 409))
async def replace_study_plan(plan_id: UUID, data: StudyPlanCreate, user: MayWrite, session: Session) -> StudyPlan:
    """Put another plan in place of this one, codes included."""
    return await study_plans.replace(session, owner_id=user.id, plan_id=plan_id, data=data)


@router.patch("/{plan_id}", response_model=StudyPlanSummary, responses=problems(*BODY_ERRORS, 404, 409))
async def update_study_plan(plan_id: UUID, data: StudyPlanUpdate, user: MayWrite, session: Session) -> StudyPlan:
    """Change a plan's title or description."""
    return await study_plans.update(session, owner_id=user.id, plan_id=plan_id, data=data)


@router.delete("/{plan_id}", status_code=status.HTTP_204_NO_CONTENT, responses=problems(404, 422))
async def delete_study_plan(plan_id: UUID, user: MayWrite, session: Session) -> None:
    """Delete a plan and its codes."""
    await study_plans.delete(session, owner_id=user.id, plan_id=plan_id)


@router.post(
    "/{plan_id}/codes",
    response_model=CodeRead,
    status_code=status.HTTP_201_CREATED,
    responses=problems(*BODY_ERRORS, 404, 409),
)
async def add_code(plan_id: UUID, data: CodeCreate, user: MayWrite, session: Session) -> Code:
    """Put a code on a plan."""
    return await study_plans.add_code(session, owner_id=user.id, plan_id=plan_id, data=data)


@router.delete(
    "/{plan_id}/codes/{code_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(404, 422),
)
async def remove_code(plan_id: UUID, code_id: UUID, user: MayWrite, session: Session) -> None:
    """Take a code off a plan."""
    await study_plans.remove_code(session, owner_id=user.id, plan_id=plan_id, code_id=code_id)
