"""The page about jobs: the webhook that it tells to write is signed, and tried again."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from types import ModuleType
from unittest.mock import patch

import httpx2
import pytest
from service_devkit.fixtures.fake_service import FakeService

from app import jobs
from app.core.settings import Settings
from app.db.database import Database
from app.jobs.engine.port import JOBS
from tests.plugins.environment import ROOT

SECRET = "whsec_" + base64.b64encode(b"visibly fake key of a test").decode()
CODE = re.compile(
    r"(?<=<!-- tests/jobs/test_jobs_page\.py runs this -->\n\n```python\n).*?(?=^```)", re.DOTALL | re.MULTILINE
)


@pytest.fixture
def send_webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator["jobs.Job[...]"]:
    """The job of the page."""
    [code] = CODE.findall((ROOT / "docs" / "jobs.md").read_text(encoding="utf-8"))
    module = ModuleType("app.jobs.webhooks")
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    with patch.dict(JOBS):
        exec(code, module.__dict__)  # noqa: S102 - the page's
        yield module.__dict__["send_webhook"]


async def _deliver(job: "jobs.Job[...]", url: str, database: Database, settings: Settings) -> None:
    await job(jobs.Context(database, settings, 17), url=url, event="order.paid", data={"id": "7"})


async def test_webhook_is_signed_as_receivers_check_it(
    send_webhook: "jobs.Job[...]", fake_service: FakeService, database: Database, settings: Settings
) -> None:
    await _deliver(send_webhook, fake_service.url, database, settings)

    [received] = fake_service.received
    signed = f"{received.headers['webhook-id']}.{received.headers['webhook-timestamp']}.".encode() + received.body
    digest = hmac.digest(b"visibly fake key of a test", signed, hashlib.sha256)
    assert (send_webhook.name, received.headers["webhook-id"]) == ("webhooks.send_webhook", "msg_17")
    assert received.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert received.body == b'{"type": "order.paid", "data": {"id": "7"}}'


@pytest.mark.parametrize("status", [302, 400, 410, 500])
async def test_webhook_that_was_not_taken_is_an_error_to_try_again(
    send_webhook: "jobs.Job[...]", fake_service: FakeService, database: Database, settings: Settings, status: int
) -> None:
    fake_service.status = status

    with pytest.raises(httpx2.HTTPStatusError):
        await _deliver(send_webhook, fake_service.url, database, settings)

    assert send_webhook.options.retries == 12
