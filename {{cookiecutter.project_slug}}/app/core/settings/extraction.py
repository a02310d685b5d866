"""Settings of extraction."""

from pydantic import Field

from app.core.settings.base import SettingsGroup


class ExtractionSettings(SettingsGroup):
    """How large a report may be, and what reading one may cost."""

    extract_max_bytes: int = Field(
        default=10_485_760, ge=1, description="largest report in bytes; more is answered 413"
    )
    extract_max_pages: int = Field(default=300, ge=1, description="pages of a PDF; more are answered 422")
    extract_max_characters: int = Field(
        default=1_000_000, ge=1, description="characters of text in a report; more are answered 422"
    )
    extract_seconds: float = Field(
        default=15, gt=0, le=60, description="seconds, and seconds of CPU, in which a report must have been read"
    )
    extract_memory: int = Field(
        default=400, ge=100, description="MiB of memory that reading a report may take, where the system can limit it"
    )
    extract_concurrency: int = Field(default=2, ge=1, le=64, description="reports read at once per process")
    extract_waiting: int = Field(
        default=8, ge=0, description="reports held in memory until their turn, per process; one more is answered 503"
    )
    extract_wait_seconds: float = Field(default=10, gt=0, le=60, description="seconds that a report waits for its turn")
