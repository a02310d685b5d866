"""Answers of the health endpoints."""

from datetime import datetime
from typing import Literal

from app.schemas.base import Output


class Health(Output):
    """The service is well."""

    status: Literal["healthy"] = "healthy"
    timestamp: datetime
