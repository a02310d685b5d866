"""The hook that holds every response which a test provokes to the contract."""

from pathlib import Path

import httpx2
import pytest
from devkit.tests.contract.books import publish

from service_devkit.fixtures.contract import check_response


def _answer(status: int) -> httpx2.Response:
    request = httpx2.Request("GET", "http://service.test/books")
    return httpx2.Response(status, json=[], headers={"X-Total": "0"}, request=request)


async def test_promised_response_passes(project: Path) -> None:
    publish(project)

    await check_response(_answer(200))


async def test_response_that_nobody_promised_fails_the_test(project: Path) -> None:
    publish(project)

    with pytest.raises(pytest.fail.Exception, match=r"not in contracts/openapi.yaml:\nGET /books 418: "):
        await check_response(_answer(418))


async def test_operation_that_is_not_written_yet_fails_the_test_with_its_place(project: Path) -> None:
    publish(project)
    (project / "app" / "api").mkdir(parents=True)
    stub = '\n    raise AppError("lend is not written yet.", code="not_implemented")\n'
    (project / "app" / "api" / "books.py").write_text(stub, encoding="utf-8")
    problem = {"code": "not_implemented", "detail": "lend is not written yet."}
    request = httpx2.Request("GET", "http://service.test/books")

    with pytest.raises(pytest.fail.Exception, match=r"^app/api/books\.py:2: lend is not written yet\.$"):
        await check_response(httpx2.Response(500, json=problem, request=request))
    await check_response(httpx2.Response(500, json={**problem, "detail": "Another."}, request=request))
