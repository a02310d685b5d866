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
