"""Codes out of reports, over HTTP."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import httpx2
import pytest
from fastapi import FastAPI
from service_devkit.fixtures.queries import Statements, recording
from sqlalchemy import Engine, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.settings import Settings
from app.models.study_plans import StudyPlan
from tests.extraction import reports

PLANS = "/api/v1/study-plans"
EXTRACT = f"{PLANS}/extract"
TEXT = {"Content-Type": "text/plain"}
PDF = {"Content-Type": reports.PDF_TYPE}
FOUND = [{"code": code, "label": label} for code, label in reports.CODES.items()]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings with small limits."""
    limits = {"extract_max_bytes": 200_000, "extract_max_pages": 5, "extract_concurrency": 1, "extract_waiting": 1}
    return settings.model_copy(update=limits)


class _Body:
    """A report that says whether it was read."""

    was_read = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.was_read = True
        yield b"MATH-101"


async def _plans(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(StudyPlan)) or 0


@pytest.mark.parametrize(
    ("media_type", "report"),
    [
        (reports.PDF_TYPE, reports.as_pdf()),
        (reports.DOCX_TYPE, reports.as_docx()),
        ("text/csv", reports.as_csv()),
        ("Text/Plain; charset=utf-8", reports.as_text()),
    ],
)
async def test_report_is_answered_with_its_codes_and_nothing_is_stored(
    client: httpx2.AsyncClient, session: AsyncSession, media_type: str, report: bytes
) -> None:
    response = await client.post(EXTRACT, content=report, headers={"Content-Type": media_type})

    assert response.status_code == 200, response.text
    assert response.json() == {"codes": FOUND}
    assert await _plans(session) == 0


async def test_title_makes_a_plan_of_the_codes(client: httpx2.AsyncClient) -> None:
    response = await client.post(EXTRACT, params={"title": " Year one "}, content=reports.as_pdf(), headers=PDF)

    assert response.status_code == 201
    body = response.json()
    assert response.headers["location"] == f"{PLANS}/{body['id']}"
    assert body["title"] == "Year one"
    assert {code["code"]: code["label"] for code in body["codes"]} == reports.CODES
    assert (await client.get(response.headers["location"])).json() == body


async def test_no_statement_has_more_of_a_report_than_its_codes(client: httpx2.AsyncClient) -> None:
    with recording(Engine) as statements:
        await client.post(EXTRACT, params={"title": "Year one"}, content=reports.as_pdf(), headers=PDF)

    assert "Trustees" not in str(Statements(statements.sent))


async def test_title_that_is_taken_is_409(client: httpx2.AsyncClient, session: AsyncSession) -> None:
    await client.post(PLANS, json={"title": "Year one"})

    response = await client.post(EXTRACT, params={"title": "Year one"}, content=b"MATH-101", headers=TEXT)

    assert (response.status_code, response.json()["code"]) == (409, "duplicate_title")
    assert await _plans(session) == 1


@pytest.mark.parametrize(
    ("headers", "report", "refusal"),
    [
        (PDF, reports.as_docx(), (415, "unsupported_media_type")),
        (TEXT, b"\x7fELF\0", (415, "unsupported_media_type")),
        ({"Content-Type": "application/json"}, b"{}", (415, "unsupported_media_type")),
        ({"Content-Type": "multipart/form-data; boundary=b"}, b"--b", (415, "unsupported_media_type")),
        ({}, b"MATH-101", (415, "unsupported_media_type")),
        ({**TEXT, "Content-Encoding": "gzip"}, b"MATH-101", (415, "unsupported_media_type")),
        (TEXT, b"a" * 200_001, (413, "body_too_large")),
        (PDF, reports.as_pdf()[:2000], (422, "unreadable")),
        (PDF, reports.as_pdf(6), (422, "unreadable")),
        (PDF, reports.pdf([b""]), (422, "unreadable")),
        (TEXT, "\n".join(f"MATH-{number}" for number in range(1000, 1201)).encode(), (422, "too_many_codes")),
    ],
)
async def test_what_is_refused_is_not_stored(
    client: httpx2.AsyncClient,
    session: AsyncSession,
    headers: Mapping[str, str],
    report: bytes,
    refusal: tuple[int, str],
) -> None:
    response = await client.post(EXTRACT, params={"title": "Year one"}, content=report, headers=headers)

    assert (response.status_code, response.json()["code"]) == refusal
    assert await _plans(session) == 0


async def test_body_of_unknown_length_is_refused_when_it_is_too_large(client: httpx2.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"a" * 50_000

    response = await client.post(EXTRACT, content=endless(), headers=TEXT)

    assert response.status_code == 413


@pytest.mark.parametrize(
    ("language", "detail"),
    [
        ("en", "The report may have at most 5 pages."),
        ("fr", "Le rapport peut avoir au plus 5 pages."),
    ],
)
async def test_reason_is_told_in_the_language_of_the_caller(
    client: httpx2.AsyncClient, language: str, detail: str
) -> None:
    headers = {**PDF, "Accept-Language": language}

    response = await client.post(EXTRACT, content=reports.as_pdf(6), headers=headers)

    assert response.json()["detail"] == detail


@pytest.mark.parametrize("title", ["", " ", "a\nb", "x" * 201])
async def test_title_is_held_to_the_contract(client: httpx2.AsyncClient, title: str) -> None:
    response = await client.post(EXTRACT, params={"title": title}, content=b"MATH-101", headers=TEXT)

    assert (response.status_code, response.json()["code"]) == (422, "validation_failed")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
async def test_address_answers_post_only(client: httpx2.AsyncClient, method: str) -> None:
    response = await client.request(method, EXTRACT)

    assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_report_beyond_the_places_is_503_before_its_body_is_read(
    app: FastAPI, client: httpx2.AsyncClient
) -> None:
    body = _Body()

    with app.state.report_reader.place(), app.state.report_reader.place():
        response = await client.post(EXTRACT, content=body, headers=TEXT)

    assert (response.status_code, response.headers["retry-after"], body.was_read) == (503, "10", False)
    assert (await client.post(EXTRACT, content=b"MATH-101", headers=TEXT)).status_code == 200


async def test_body_of_somebody_who_may_not_is_not_read(
    as_role: Callable[[str], Awaitable[httpx2.AsyncClient]],
) -> None:
    viewer, body = await as_role("viewer"), _Body()

    response = await viewer.post(EXTRACT, content=body, headers=TEXT)

    assert (response.status_code, body.was_read) == (403, False)
