"""Study plans as a good tutorial writes them."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID, uuid4

from fastapi import APIRouter, HTTPException, Query, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ForeignKey, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload

from benchmarks.references.orm import Base, Owner, Session


class Code(Base):
    """A code on a plan."""

    __tablename__ = "codes"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    study_plan_id: Mapped[UUID] = mapped_column(ForeignKey("study_plans.id"))
    code: Mapped[str]
    label: Mapped[str]


class StudyPlan(Base):
    """What one person wants to study."""

    __tablename__ = "study_plans"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    owner_id: Mapped[UUID]
    title: Mapped[str]
    description: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    codes: Mapped[list[Code]] = relationship(order_by=Code.code)


class CodeCreate(BaseModel):
    """A code to put on a plan."""

    code: Annotated[str, Field(max_length=32, pattern="^[A-Z0-9][A-Z0-9._-]*$")]
    label: Annotated[str, Field(max_length=200)] = ""


class PlanCreate(BaseModel):
    """A plan to make."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    description: Annotated[str, Field(max_length=10_000)] = ""
    codes: Annotated[list[CodeCreate], Field(max_length=200)] = []


class CodeRead(BaseModel):
    """A code on a plan, as it is shown."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    code: str
    label: str


class PlanSummary(BaseModel):
    """A plan in a list."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    description: str
    created_at: datetime
    updated_at: datetime


class PlanRead(PlanSummary):
    """A plan with its codes."""

    codes: list[CodeRead]


class PlanPage(BaseModel):
    """Plans, newest first."""

    items: list[PlanSummary]
    total: int
    limit: int
    offset: int


router: Final = APIRouter(prefix="/api/v1/study-plans")


@router.get("", response_model=PlanPage)
async def list_plans(
    owner: Owner,
    session: Session,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> dict[str, object]:
    """List the caller's plans, newest first."""
    newest_first = select(StudyPlan).where(StudyPlan.owner_id == owner)
    newest_first = newest_first.order_by(StudyPlan.created_at.desc(), StudyPlan.id.desc())
    items = (await session.scalars(newest_first.limit(limit).offset(offset))).all()
    total = await session.scalar(select(func.count()).select_from(StudyPlan).where(StudyPlan.owner_id == owner))
    return {"items": items, "total": total, "limit": limit, "offset": offset}


@router.get("/{plan_id}", response_model=PlanRead)
async def read_plan(plan_id: UUID, owner: Owner, session: Session) -> StudyPlan:
    """Show a plan with its codes."""
    statement = select(StudyPlan).where(StudyPlan.id == plan_id, StudyPlan.owner_id == owner)
    plan = await session.scalar(statement.options(selectinload(StudyPlan.codes)))
    if plan is None:
        raise HTTPException(404)
    return plan


@router.post("", response_model=PlanRead, status_code=status.HTTP_201_CREATED)
async def create_plan(
    data: PlanCreate, owner: Owner, session: Session, request: Request, response: Response
) -> StudyPlan:
    """Make a plan with its codes."""
    codes = [Code(**code.model_dump()) for code in data.codes]
    plan = StudyPlan(owner_id=owner, title=data.title, description=data.description, codes=codes)
    session.add(plan)
    await session.commit()
    plan.codes.sort(key=lambda code: code.code)
    response.headers["Location"] = f"{request.url.path}/{plan.id}"
    return plan
