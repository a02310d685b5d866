"""The stand-in for a service outside."""

import httpx2
import pytest

from service_devkit.fixtures.fake_service import FakeService, fake_service

__all__ = ["fake_service"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_fake_answers_as_told_and_remembers_what_came(fake_service: FakeService, method: str) -> None:
    fake_service.status, fake_service.body, fake_service.headers = 418, b"tea", {"X-Kind": "pot"}

    response = httpx2.request(method, f"{fake_service.url}/cups?of=2", content=b'{"sugar": 1}')

    (received,) = fake_service.received
    assert (response.status_code, response.content, response.headers["x-kind"]) == (418, b"tea", "pot")
    assert (received.method, received.path, received.json()) == (method, "/cups?of=2", {"sugar": 1})
    assert received.headers["host"] == fake_service.url.removeprefix("http://")


def test_fake_that_hangs_takes_the_request_and_keeps_silent(fake_service: FakeService) -> None:
    fake_service.answers = False

    with pytest.raises(httpx2.ReadTimeout):
        httpx2.get(fake_service.url, timeout=0.2)

    assert [request.path for request in fake_service.received] == ["/"]
