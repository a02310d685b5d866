"""Is the process alive, and can it do its work?

Written from contracts/openapi.yaml by `just generate`: change the contract, not this file.
"""

from typing import Literal

from pydantic import MISSING, AwareDatetime

from app.schemas.base import Output


class Health(Output):
    status: Literal["healthy"] = "healthy"
    timestamp: AwareDatetime
    checks: dict[str, str] | MISSING = MISSING
