"""Every response that a test provokes is held to the contract, so that a test of behaviour is a test of the contract too."""

from functools import cache
from pathlib import Path

import httpx2
import pytest

from dev.contract.document import read
from dev.contract.responses import Promises, Response

CONTRACT = Path(__file__).resolve().parents[2] / "contracts" / "openapi.yaml"


@cache
def _promises() -> Promises:
    return Promises(read(CONTRACT))


async def keep_promises(response: httpx2.Response) -> None:
    """Hook of a client: fails the test on a response that the contract does not promise."""
    request = response.request
    seen = Response(
        request.method, request.url.path, response.status_code, dict(response.headers), await response.aread()
    )
    if breaches := list(_promises().breaches(seen)):
        pytest.fail("\n".join(["not in contracts/openapi.yaml:", *breaches]))
