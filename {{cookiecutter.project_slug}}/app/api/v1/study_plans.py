"""The caller's study plans. Other people's plans do not exist for the caller."""

from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response, status

from app.api.deps import CurrentUser, PageOf, Reading, Session, require
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

router = APIRouter(prefix="/study-plans", tags=["study plans"])
READ = [Depends(require(Permission.PLANS_READ))]
WRITE = [Depends(require(Permission.PLANS_WRITE))]


@router.post(
    "",
    dependencies=WRITE,
    response_model=StudyPlanRead,
    status_code=status.HTTP_201_CREATED,
    responses=created() | problems(*BODY_ERRORS, 409),
)
async def create_study_plan(
    data: StudyPlanCreate, user: CurrentUser, session: Session, request: Request, response: Response
) -> StudyPlan:
    """Make a plan."""
    plan = await study_plans.create(session, owner_id=user.id, data=data)
    response.headers["Location"] = f"{request.url.path}/{plan.id}"
    return plan


@router.get("", dependencies=READ, response_model=StudyPlanPage, responses=problems(422))
async def list_study_plans(page: PageOf, user: CurrentUser, reader: Reading) -> study_plans.PlanRows:
    """List the plans, newest first."""
    return await study_plans.read_page(reader, owner_id=user.id, limit=page.limit, offset=page.offset)


@router.get("/{plan_id}", dependencies=READ, response_model=StudyPlanRead, responses=problems(404, 422))
async def read_study_plan(plan_id: UUID, user: CurrentUser, reader: Reading) -> study_plans.PlanWithCodes:
    """Show a plan with its codes."""
    return await study_plans.read(reader, owner_id=user.id, plan_id=plan_id)


@router.put("/{plan_id}", dependencies=WRITE, response_model=StudyPlanRead, responses=problems(*BODY_ERRORS, 404, 409))
async def replace_study_plan(plan_id: UUID, data: StudyPlanCreate, user: CurrentUser, session: Session) -> StudyPlan:
    """Put another plan in place of this one, codes included."""
    return await study_plans.replace(session, owner_id=user.id, plan_id=plan_id, data=data)


@router.patch(
    "/{plan_id}", dependencies=WRITE, response_model=StudyPlanSummary, responses=problems(*BODY_ERRORS, 404, 409)
)
async def update_study_plan(plan_id: UUID, data: StudyPlanUpdate, user: CurrentUser, session: Session) -> StudyPlan:
    """Change a plan's title or description."""
    return await study_plans.update(session, owner_id=user.id, plan_id=plan_id, data=data)


@router.delete("/{plan_id}", dependencies=WRITE, status_code=status.HTTP_204_NO_CONTENT, responses=problems(404, 422))
async def delete_study_plan(plan_id: UUID, user: CurrentUser, session: Session) -> None:
    """Delete a plan and its codes."""
    await study_plans.delete(session, owner_id=user.id, plan_id=plan_id)


@router.post(
    "/{plan_id}/codes",
    dependencies=WRITE,
    response_model=CodeRead,
    status_code=status.HTTP_201_CREATED,
    responses=problems(*BODY_ERRORS, 404, 409),
)
async def add_code(plan_id: UUID, data: CodeCreate, user: CurrentUser, session: Session) -> Code:
    """Put a code on a plan."""
    return await study_plans.add_code(session, owner_id=user.id, plan_id=plan_id, data=data)


@router.delete(
    "/{plan_id}/codes/{code_id}",
    dependencies=WRITE,
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(404, 422),
)
async def remove_code(plan_id: UUID, code_id: UUID, user: CurrentUser, session: Session) -> None:
    """Take a code off a plan."""
    await study_plans.remove_code(session, owner_id=user.id, plan_id=plan_id, code_id=code_id)
