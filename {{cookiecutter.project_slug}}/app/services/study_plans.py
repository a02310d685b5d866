"""Study plans: each belongs to one person, and nobody else can see that it exists."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, Row, Text, Uuid, bindparam, delete as sql_delete, func, insert, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from app.core.errors import Conflict, NotFound
from app.core.i18n import gettext as _, ngettext
from app.core.permissions import Permission
from app.db.database import Database, Reader
from app.db.errors import violated_constraint
from app.db.notify import NOTIFY, Notification, notify
from app.models.base import table_of
from app.models.study_plans import Code, StudyPlan
from app.schemas.study_plans import CodeCreate, CodeRead, StudyPlanCreate, StudyPlanUpdate

Found = TypeVar("Found")

MAX_CODES = 200  # also by one and one, where the contract bounds only the list

_CONFLICTS = {
    "uq_study_plans_owner_id_title": ("duplicate_title", _("You have a plan with this title already.")),
    "uq_codes_study_plan_id_code": ("duplicate_code", _("This code stands on the plan already.")),
}


# Statements that are sent often are built once, with `bindparam` in place of values; the others are written where they are used: for the list,
# building one in each request costs half as much again as all the rest.
_PLAN = (StudyPlan.id, StudyPlan.title, StudyPlan.description, StudyPlan.created_at, StudyPlan.updated_at)
_NEWEST_FIRST = (StudyPlan.created_at.desc(), StudyPlan.id.desc())
_OWNED = StudyPlan.owner_id == bindparam("owner_id")
_ONE = select(*_PLAN).where(StudyPlan.id == bindparam("plan_id"), _OWNED)
_ONE_WITH_CODES = (
    select(*_PLAN, Code.id.label("code_id"), Code.code, Code.label)
    .join_from(StudyPlan, Code, isouter=True)
    .where(StudyPlan.id == bindparam("plan_id"), _OWNED)
    .order_by(Code.code)
)
_COUNT = select(func.count()).where(_OWNED)
_PAGE = (
    select(*_PLAN, _COUNT.scalar_subquery().label("total"))
    .where(_OWNED)
    .order_by(*_NEWEST_FIRST)
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)


# One statement in place of `session.add` for the operation that is measured: a session with its transaction costs 2.5 times as much.
_NEW_PLAN = (
    insert(table_of(StudyPlan))
    .values(
        id=bindparam("id"),
        owner_id=bindparam("owner_id"),
        title=bindparam("title"),
        description=bindparam("description"),
    )
    .returning(*_PLAN)
    .cte("plan")
)
_NEW_CODES = insert(table_of(Code)).from_select(
    ["id", "study_plan_id", "code", "label"],
    select(
        func.unnest(bindparam("code_ids", type_=ARRAY(Uuid()))),
        _NEW_PLAN.c.id,
        func.unnest(bindparam("codes", type_=ARRAY(Text()))),
        func.unnest(bindparam("labels", type_=ARRAY(Text()))),
    ),
    include_defaults=False,
)
_CREATE = select(_NEW_PLAN, NOTIFY).add_cte(_NEW_CODES.cte("codes"))


@dataclass(slots=True)
class Page:
    """A part of somebody's plans, newest first, and how many there are, where they were counted."""

    items: Sequence[Row[*tuple[object, ...]]]
    total: int | None
    limit: int
    offset: int


@dataclass(slots=True)
class Details:
    """A plan with its codes, in their order."""

    id: UUID
    title: str
    description: str
    created_at: datetime
    updated_at: datetime
    codes: Sequence[CodeRead]


async def create(database: Database, *, owner_id: UUID, data: StudyPlanCreate) -> Details:
    """Make a plan with its codes.

    Raises:
        Conflict: the owner has a plan with this title, or a code is there twice.
    """
    plan_id = uuid4()
    codes = [CodeRead(id=uuid4(), code=item.code, label=item.label) for item in data.codes]
    async with _conflicts_named():
        plan = _found(
            await database.write(
                _CREATE,
                id=plan_id,
                owner_id=owner_id,
                title=data.title,
                description=data.description,
                code_ids=[code.id for code in codes],
                codes=[code.code for code in codes],
                labels=[code.label for code in codes],
                notification=_changed("created", plan_id, owner_id).text(),
            )
        )
    return _details(plan, sorted(codes, key=attrgetter("code")))


async def read(reader: Reader, *, owner_id: UUID, plan_id: UUID) -> Details:
    """One plan with its codes.

    Raises:
        NotFound: no such plan, or somebody else's.
    """
    rows = await reader.rows(_ONE_WITH_CODES, owner_id=owner_id, plan_id=plan_id)
    plan = _found(rows[0] if rows else None)
    codes = [CodeRead(id=row.code_id, code=row.code, label=row.label) for row in rows if row.code_id]
    return _details(plan, codes)


async def read_page(reader: Reader, *, owner_id: UUID, limit: int, offset: int) -> Page:
    """A part of the owner's plans, newest first, without their codes."""
    rows = await reader.rows(_PAGE, owner_id=owner_id, limit=limit, offset=offset)
    total = rows[0].total if rows else _found(await reader.row(_COUNT, owner_id=owner_id))[0]
    return Page(rows, total, limit, offset)


async def read_after(reader: Reader, *, owner_id: UUID, limit: int, plan_id: UUID) -> Page:
    """What follows one of the owner's plans: as quick at the end of a long list as at its beginning, because nothing is counted or skipped.

    Raises:
        NotFound: no such plan, or somebody else's.
    """
    last = _found(await reader.row(_ONE, owner_id=owner_id, plan_id=plan_id))
    older = tuple_(StudyPlan.created_at, StudyPlan.id) < tuple_(last.created_at, last.id)
    statement = select(*_PLAN).where(StudyPlan.owner_id == owner_id, older).order_by(*_NEWEST_FIRST).limit(limit)
    return Page(await reader.rows(statement), None, limit, 0)


async def replace(session: AsyncSession, *, owner_id: UUID, plan_id: UUID, data: StudyPlanCreate) -> StudyPlan:
    """Put `data` in place of a plan and its codes; a code that stays keeps its id.

    Raises:
        NotFound: no such plan, or somebody else's.
        Conflict: the owner has another plan with this title, or a code is there twice.
    """
    plan = await _locked(session, owner_id=owner_id, plan_id=plan_id)
    present = {code.code: code for code in plan.codes}
    plan.title, plan.description = data.title, data.description
    plan.codes = [_relabelled(present.pop(item.code, None), item) for item in data.codes]
    async with _conflicts_named():
        await session.flush()
    plan.codes.sort(key=lambda code: code.code)
    await notify(session, _changed("updated", plan_id, owner_id))
    return plan


async def update(session: AsyncSession, *, owner_id: UUID, plan_id: UUID, data: StudyPlanUpdate) -> StudyPlan:
    """Change what `data` names.

    Raises:
        NotFound: no such plan, or somebody else's.
        Conflict: the owner has another plan with this title.
    """
    plan = await _locked(session, owner_id=owner_id, plan_id=plan_id)
    for name, value in data.model_dump(exclude_unset=True).items():
        setattr(plan, name, value)
    async with _conflicts_named():
        await session.flush()
    await notify(session, _changed("updated", plan_id, owner_id))
    return plan


async def delete(session: AsyncSession, *, owner_id: UUID, plan_id: UUID) -> None:
    """Delete a plan and its codes.

    Raises:
        NotFound: no such plan, or somebody else's.
    """
    statement = sql_delete(StudyPlan).where(StudyPlan.id == plan_id, StudyPlan.owner_id == owner_id)
    _found(await session.scalar(statement.returning(StudyPlan.id)))
    await notify(session, _changed("deleted", plan_id, owner_id))


async def add_code(session: AsyncSession, *, owner_id: UUID, plan_id: UUID, data: CodeCreate) -> Code:
    """Put one more code on a plan.

    Raises:
        NotFound: no such plan, or somebody else's.
        Conflict: the code stands there already, or the plan is full.
    """
    plan = await _locked(session, owner_id=owner_id, plan_id=plan_id)
    if len(plan.codes) >= MAX_CODES:
        holds = ngettext("A plan holds at most {count} code.", "A plan holds at most {count} codes.", MAX_CODES)
        raise Conflict(holds, code="too_many_codes")
    code = Code(study_plan_id=plan.id, code=data.code, label=data.label)
    async with _conflicts_named():
        session.add(code)
        await session.flush()
    await notify(session, _changed("updated", plan_id, owner_id))
    return code


async def remove_code(session: AsyncSession, *, owner_id: UUID, plan_id: UUID, code_id: UUID) -> None:
    """Take one code off a plan.

    Raises:
        NotFound: no such code on the plan, no such plan, or somebody else's.
    """
    plan = await _locked(session, owner_id=owner_id, plan_id=plan_id)
    statement = sql_delete(Code).where(Code.id == code_id, Code.study_plan_id == plan.id)
    _found(await session.scalar(statement.returning(Code.id)))
    await notify(session, _changed("updated", plan_id, owner_id))


async def _locked(session: AsyncSession, *, owner_id: UUID, plan_id: UUID) -> StudyPlan:
    """The plan with its codes, locked so that two writers do not mix their codes."""
    statement = select(StudyPlan).where(StudyPlan.id == plan_id, StudyPlan.owner_id == owner_id).with_for_update()
    return _found(await session.scalar(statement.options(selectinload(StudyPlan.codes))))


def _details(plan: Row[*tuple[object, ...]], codes: Sequence[CodeRead]) -> Details:
    return Details(plan.id, plan.title, plan.description, plan.created_at, plan.updated_at, codes)


def _changed(what: str, plan_id: UUID, owner_id: UUID) -> Notification:
    return Notification(f"study_plan.{what}", plan_id, owner_id, Permission.PLANS_READ)


def _relabelled(present: Code | None, item: CodeCreate) -> Code:
    if present is None:
        return Code(code=item.code, label=item.label)
    present.label = item.label
    return present


def _found(row: Found | None) -> Found:
    if row is None:
        raise NotFound
    return row


@asynccontextmanager
async def _conflicts_named() -> AsyncIterator[None]:
    try:
        yield
    except IntegrityError as error:
        code, detail = _CONFLICTS.get(violated_constraint(error) or "", ("conflict", Conflict.detail))
        raise Conflict(detail, code=code) from error
