"""Settings of live updates."""

from pydantic import Field

from app.core.settings.base import SettingsGroup


class LiveSettings(SettingsGroup):
    """How many connections may be open, and how long a slow one is kept."""

    live_connections: int = Field(default=500, ge=1, description="open live connections per process")
    live_connections_per_caller: int = Field(
        default=10, ge=1, description="open live connections of one person per process"
    )
    live_queue: int = Field(
        default=1000, ge=1, description="messages that wait for a slow connection before it is closed"
    )
    live_send_seconds: float = Field(
        default=10, gt=0, le=300, description="seconds that a connection may take to accept one message"
    )
