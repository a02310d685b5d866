"""Settings of the processes that run jobs."""

from pydantic import Field

from app.core.settings.base import SettingsGroup


class JobSettings(SettingsGroup):
    """How much a worker takes on, and when it counts as dead."""

    job_concurrency: int = Field(default=10, ge=2, le=500, description="jobs at once in each worker")
    job_lease_seconds: float = Field(
        default=15, ge=1, le=600, description="seconds after which the jobs of a silent worker go to another"
    )
