"""Settings of the HTTP server and its limits."""

import re
from ipaddress import ip_network
from typing import Final

from limits import parse_many
from pydantic import Field, field_validator

from app.core.origins import parse_origin
from app.core.project import DEFAULT_PORT
from app.core.settings.base import ListOfText, SettingsGroup

MAX_PORT = 65535
MIN_PROXY_PREFIX = 8  # 10.0.0.0/8 is the widest private network
# What front ends send besides what the service needs: retries, conditional requests, and the traces of OpenTelemetry and Sentry.
CORS_HEADERS: Final = (
    *("Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID"),
    *("baggage", "sentry-trace", "traceparent", "tracestate"),
)
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'+.^_`|~-]+")  # RFC 9110 5.6.2, less the * that would be taken for a pattern


class HttpSettings(SettingsGroup):
    """How the service listens, whom it trusts, and what it refuses."""

    host: str = Field(default="127.0.0.1", description="address to listen on; 0.0.0.0 for every one, :: for IPv6 too")
    port: int = Field(default=DEFAULT_PORT, ge=1, le=MAX_PORT, description="port to listen on")
    workers: int = Field(default=1, ge=1, le=64, description="server processes")
    cors_origins: ListOfText = Field(
        default=[],
        description="origins of pages and apps that may call, as https://app.example.com or tauri://localhost",
    )
    cors_headers: ListOfText = Field(
        default=list(CORS_HEADERS),
        description="request headers that those pages and apps may send besides Authorization, Content-Type and X-Request-ID",
    )
    cors_exposed_headers: ListOfText = Field(
        default=["ETag", "Link"],
        description="response headers that they may read besides Location, Retry-After and X-Request-ID",
    )
    trusted_proxies: ListOfText = Field(
        default=[], description="addresses or networks of proxies whose X-Forwarded-* headers are believed"
    )
    root_path: str = Field(
        default="", description="prefix that a proxy takes off the path, as /api; for Location and /docs"
    )
    max_body_bytes: int = Field(
        default=131_072, ge=1, description="largest request body in bytes; more is answered 413"
    )
    request_seconds: float = Field(
        default=60, gt=0, le=3600, description="seconds in which a request must have arrived, head and body"
    )
    max_connections: int = Field(
        default=1000, ge=1, description="open connections per process; fewer where the limit on open files is lower"
    )
    rate_limit: str = Field(default="300/minute", description="requests of one caller, as COUNT/PERIOD")
    rate_limit_sign_in: str = Field(
        default="20/minute", description="failed sign-ins from one address, as COUNT/PERIOD"
    )
    caller_known_seconds: float = Field(
        default=10, ge=0, le=60, description="seconds for which credentials and roles are remembered; 0 for not at all"
    )
    drain_seconds: float = Field(
        default=0, ge=0, le=60, description="seconds between readiness turning 503 and the end of listening"
    )
    shutdown_seconds: int = Field(default=20, ge=1, le=600, description="seconds that open requests get to finish")

    @field_validator("cors_origins")
    @classmethod
    def _origins_are_exact(cls, value: list[str]) -> list[str]:
        return [parse_origin(origin) for origin in value]

    @field_validator("cors_headers", "cors_exposed_headers")
    @classmethod
    def _headers_are_names(cls, value: list[str]) -> list[str]:
        if wrong := [name for name in value if not _HEADER_NAME.fullmatch(name)]:
            raise ValueError(f"needs names of headers such as Idempotency-Key, not {wrong[0]}")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies_are_networks(cls, value: list[str]) -> list[str]:
        for proxy in value:
            if ip_network(proxy).prefixlen < MIN_PROXY_PREFIX:
                raise ValueError(f"{proxy} would trust everybody; name the proxies' own networks")
        return value

    @field_validator("root_path")
    @classmethod
    def _prefix_is_a_path(cls, value: str) -> str:
        if not _PREFIX.fullmatch(value := value.rstrip("/")):
            raise ValueError("needs the prefix as it stands in addresses, such as /api")
        return value

    @field_validator("rate_limit", "rate_limit_sign_in")
    @classmethod
    def _limit_is_readable(cls, value: str) -> str:
        try:
            limits = parse_many(value)
        except ValueError:
            limits = []
        if len(limits) != 1 or limits[0].amount < 1:
            raise ValueError("must be one COUNT/PERIOD, such as 300/minute")
        return value
