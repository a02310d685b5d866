"""Settings of traces and metrics."""

from pydantic import Field, ValidationInfo, field_validator

from app.core.settings.base import SettingsGroup


class TelemetrySettings(SettingsGroup):
    """Where traces go, how many of them, and where metrics are read. Both are off until they are set."""

    otel_exporter_otlp_endpoint: str | None = Field(
        default=None, description="OTLP collector for traces, by HTTP, as http://collector:4318; no traces when empty"
    )
    traces_ratio: float = Field(
        default=0.05, ge=0, le=1, description="share of the requests that are traced where the caller has not decided"
    )
    metrics_port: int | None = Field(
        default=None, ge=1, le=65535, description="port of its own for Prometheus; no metrics when empty"
    )

    @field_validator("otel_exporter_otlp_endpoint")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must be http:// or https://, as http://collector:4318")
        return value and value.rstrip("/")

    @field_validator("metrics_port")
    @classmethod
    def _each_process_has_its_own(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value and info.data.get("workers", 1) > 1:
            raise ValueError("needs WORKERS=1: a port shows the metrics of one process")
        if value and value == info.data.get("port"):
            raise ValueError("must be another port than PORT: metrics are not for callers")
        return value
