"""Codes out of a report that the caller sends: the body is the file."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response, status
from fastapi.responses import JSONResponse
from pydantic import MISSING

from app.api.connected import while_connected
from app.api.deps import get_database
from app.api.openapi import Responses, created, problems
from app.api.v1.study_plans import MayWrite
from app.core.i18n import gettext as _
from app.extraction.reader import Kind, ReportReader, WrongType
from app.schemas.study_plans import FoundCodes, StudyPlanCreate, StudyPlanRead
from app.schemas.study_plans_extraction import ExtractionQuery
from app.services import study_plans, study_plans_extraction

router = APIRouter(prefix="/study-plans", tags=["study plans"])

KINDS: Final[dict[str, Kind]] = {
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "text/csv": "table",
    "text/plain": "text",
}
_CONTENT: Final = {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in KINDS}
_MADE: Final[Responses] = {201: {"model": StudyPlanRead, **created()[201]}}


@router.post(
    "/extract",
    response_model=FoundCodes,
    responses=_MADE | problems(409, 413, 415, 422),
    openapi_extra={"requestBody": {"required": True, "content": _CONTENT}},
)
async def extract_codes(
    request: Request, user: MayWrite, asked: Annotated[ExtractionQuery, Query()]
) -> Response | study_plans_extraction.Found:
    """Find the codes in a report, which is not kept, and make a plan of them where a title is given."""
    kind = _kind_of(request)
    state = request.app.state
    reader: ReportReader = state.report_reader
    with reader.place():
        # No body parameter: the framework would read it before the guard has answered, and onto the disk where it is large.
        content = await request.body()
        work = study_plans_extraction.codes_of(reader, state.find_codes, caller=user.id, kind=kind, content=content)
        found = await while_connected(request, work)
    if asked.title is MISSING:
        return found
    data = StudyPlanCreate(title=asked.title, codes=found.codes)
    plan = await study_plans.create(get_database(request), owner_id=user.id, data=data)
    location = f"{request.url.path.removesuffix('/extract')}/{plan.id}"
    body = StudyPlanRead.model_validate(plan).model_dump(mode="json")
    return JSONResponse(body, status.HTTP_201_CREATED, headers={"Location": location})


def _kind_of(request: Request) -> Kind:
    named = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if named not in KINDS:
        raise WrongType(_("Send a report as {types}.", types=", ".join(KINDS)))
    return KINDS[named]
