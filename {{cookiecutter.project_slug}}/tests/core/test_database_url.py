"""Database addresses as providers give them."""

import ssl
from pathlib import Path

import pytest

from app.core.database_url import DatabaseUrlError, parse_database_url

HOST = {"host": ["h"], "port": [5432]}


@pytest.mark.parametrize(
    ("given", "url", "connect_args", "server_settings"),
    [
        ("postgres://user:pass@h:5432/name", "user:pass@/name", HOST, {}),
        ("postgresql://user:pass@h/name", "user:pass@/name", HOST, {}),
        ("  postgresql+asyncpg://user:pass@h:5432/name\n", "user:pass@/name", HOST, {}),
        # Heroku
        (
            "postgres://u:p@ec2-1-2-3-4.compute.example:5432/d?sslmode=require",
            "u:p@/d",
            {"host": ["ec2-1-2-3-4.compute.example"], "port": [5432], "ssl": "require"},
            {},
        ),
        # Neon
        (
            "postgresql://u:p@ep-x-pooler.region.example/db?sslmode=require&channel_binding=require",
            "u:p@/db",
            {"host": ["ep-x-pooler.region.example"], "port": [5432], "ssl": "require"},
            {},
        ),
        # Amazon RDS, with an options string
        (
            "postgresql://u:p@h/db?application_name=svc&options=-c%20search_path%3Dapp%20-cwork_mem=8MB%20--x=a=b",
            "u:p@/db",
            HOST,
            {"application_name": "svc", "search_path": "app", "work_mem": "8MB", "x": "a=b"},
        ),
        # DigitalOcean
        (
            "postgresql://doadmin:p@db.example:25060/defaultdb?sslmode=require&connect_timeout=10",
            "doadmin:p@/defaultdb",
            {"host": ["db.example"], "port": [25060], "ssl": "require", "timeout": 10.0},
            {},
        ),
        # Cloud SQL, over a Unix socket
        (
            "postgresql://u:p@/db?host=/cloudsql/project:region:instance",
            "u:p@/db",
            {"host": ["/cloudsql/project:region:instance"], "port": [5432]},
            {},
        ),
        # Prisma's form
        ("postgresql://u:p@h/db?schema=app&connection_limit=5", "u:p@/db", HOST, {"search_path": "app"}),
        (
            "postgresql://u:p@h:5432/db?target_session_attrs=read-write&ssl=true",
            "u:p@/db",
            HOST | {"target_session_attrs": "read-write", "ssl": "require"},
            {},
        ),
        # the folder of a socket, as libpq writes it
        ("postgresql://u:p@%2Fvar%2Frun%2Fpg/db", "u:p@/db", {"host": ["/var/run/pg"], "port": [5432]}, {}),
        ("postgresql://u:p@%2Frun:5433/db", "u:p@/db", {"host": ["/run"], "port": [5433]}, {}),
        ("postgresql:///db?host=/run&port=5433", "/db", {"host": ["/run"], "port": [5433]}, {}),
        ("postgresql://u@/db?host=h&port=5433", "u@/db", {"host": ["h"], "port": [5433]}, {}),
        ("postgresql:///db?port=5433", "/db", {"port": 5433}, {}),
        ("postgresql:///db", "/db", {}, {}),
        # several hosts
        (
            "postgresql://u:p@h1:5433,h2,[::1]:5434/db?target_session_attrs=primary",
            "u:p@/db",
            {"host": ["h1", "h2", "::1"], "port": [5433, 5432, 5434], "target_session_attrs": "primary"},
            {},
        ),
        ("postgresql://u:p@/db?host=h1,/run/pg&port=5433", "u:p@/db", {"host": ["h1", "/run/pg"], "port": [5433, 5433]}, {}),
        ("postgresql://u:p@/db?host=h1&host=h2", "u:p@/db", {"host": ["h1", "h2"], "port": [5432, 5432]}, {}),
        ("postgresql://u:p@/db?host=h1,h2&port=1,2", "u:p@/db", {"host": ["h1", "h2"], "port": [1, 2]}, {}),
        ("postgresql://u:p@[2001:db8::1]:5433/db", "u:p@/db", {"host": ["2001:db8::1"], "port": [5433]}, {}),
        ("postgresql://h", "", HOST, {}),
        ("postgresql://u:p%40ss%2F%3A%C3%A9%25@h/db", "u:p%40ss%2F%3A%C3%A9%25@/db", HOST, {}),
    ],
)  # fmt: skip
def test_providers_address_is_understood(
    given: str, url: str, connect_args: dict[str, object], server_settings: dict[str, str]
) -> None:
    address = parse_database_url(given)

    assert address.url.render_as_string(hide_password=False) == f"postgresql+asyncpg://{url}"
    assert address.connect_args == connect_args
    assert address.server_settings == server_settings


def test_hint_of_a_transaction_pooler_is_taken() -> None:
    assert parse_database_url("postgresql://u:p@aws.pooler.example:6543/db?pgbouncer=true").transaction_pooler
    assert not parse_database_url("postgresql://u:p@aws.pooler.example:6543/db?pgbouncer=false").transaction_pooler


@pytest.mark.parametrize(("mode", "checks_host"), [("require", False), ("verify-ca", False), ("verify-full", True)])
def test_verifying_modes_check_the_certificate(mode: str, *, checks_host: bool) -> None:
    address = parse_database_url(f"postgresql://u:p@h/db?sslmode={mode}&sslrootcert=system")

    context = address.connect_args["ssl"]
    assert isinstance(context, ssl.SSLContext)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname is checks_host


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("", "is not a database URL"),
        ("host=localhost dbname=x", "is not a database URL"),
        ("postgresql://u:hunter2@h:port/db", "has a host that can be none"),
        ("postgresql://u:hun@ter2@h/db", "write @ as %40"),
        ("postgresql://u:hunter2@@h/db", "write @ as %40"),
        ("postgresql://u:hun/ter2@h/db", "write @ as %40"),
        ("postgresql://u:12?hunter2@h/db", "that is no parameter"),
        ("postgresql://u:12?hunter2=x@h/db?sslmode=require", "that is no parameter"),
        ("postgresql://u:p@h/db?sslmode", "that is no parameter"),
        ("postgresql://u:12#hunter2@h/db", "write @ as %40"),
        ("postgresql://u:hunter2@h:0/db", "needs ports from 1 to 65535"),
        ("postgresql://u:hunter2@h:65536/db", "needs ports from 1 to 65535"),
        ("postgresql://u:hunter2@h1,h2:x/db", "has a host that can be none"),
        ("postgresql://u:hunter2@h h/db", "has a host that can be none"),
        ("postgresql://u:hunter2@h!x/db", "has a host that can be none"),
        ("postgresql://u:hunter2@h1,,h2/db", "has a host that can be none"),
        ("postgresql://u:hunter2@/db?host=run/pg", "has a host that can be none"),
        ("postgresql://u:hunter2@h1,h2,h3/db?port=1,2", "as many ports as hosts"),
        ("postgresql://u:hunter2@h/db?host=/tmp", "has a host and the parameter host"),
        ("postgresql://u:hunter2@h/db?sslmode=require&sslmode=disable", "'sslmode' more than once"),
        ("postgresql://u:hunter2@h/db?sslmode=require&sslkey=/k.pem", "needs its certificate as sslcert"),
        ("mysql://u:hunter2@h/db", "is for mysql; only PostgreSQL works"),
        ("sqlite:///x.db", "is for sqlite; only PostgreSQL works"),
        ("postgresql+psycopg://u:hunter2@h/db", "only PostgreSQL works"),
        ("postgresql://u:hunter2@h/db?surprise=1", "has the parameter 'surprise'"),
        ("postgresql://u:hunter2@h/db?sslmode=always", "needs an sslmode out of"),
        ("postgresql://u:hunter2@h/db?connect_timeout=soon", "whole number of seconds"),
        ("postgresql://u:hunter2@h/db?sslmode=prefer&sslcert=/c.pem", "sslmode=prefer does not use"),
        (
            "postgresql://u:hunter2@h/db?sslrootcert=system",
            "names a file as sslrootcert, which sslmode=prefer does not use",
        ),
        ("postgresql://u:hunter2@h/db?sslmode=require&sslrootcert=/none/ca.pem", "names a file as sslrootcert"),
        ("postgresql://u:hunter2@h/db?options=fast", "-c name=value"),
        ("postgresql://u:hunter2@h/db?sslmode=verify-full&sslrootcert=/none/ca.pem", "names a file as sslrootcert"),
    ],
)
def test_address_that_cannot_be_used_is_refused_without_its_password(given: str, complaint: str) -> None:
    with pytest.raises(DatabaseUrlError) as error:
        parse_database_url(given)

    assert complaint in str(error.value)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(("given", "seconds"), [("0", None), ("5", 5.0), ("3600", 30.0)])
def test_connect_timeout_is_bounded(given: str, seconds: float | None) -> None:
    address = parse_database_url(f"postgresql://u:p@h/db?connect_timeout={given}")

    assert address.connect_args.get("timeout") == seconds


def test_client_certificate_is_loaded(tmp_path: Path) -> None:
    broken = tmp_path / "client.pem"
    broken.write_text("no certificate")

    for files in (f"sslcert={broken}&sslkey={broken}", f"sslrootcert={broken}", f"sslrootcert={tmp_path}"):
        with pytest.raises(DatabaseUrlError, match="names a file as ssl"):
            parse_database_url(f"postgresql://u:p@h/db?sslmode=verify-full&{files}")


def test_encrypted_key_asks_nobody(tmp_path: Path) -> None:
    pem = tmp_path / "client.pem"
    header = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00000000000000000000000000000000\n\n"
    pem.write_text(f"-----BEGIN CERTIFICATE-----\n{header}ZmFrZQ==\n-----END CERTIFICATE-----\n")

    with pytest.raises(DatabaseUrlError, match="is encrypted"):
        parse_database_url(f"postgresql://u:p@h/db?sslmode=verify-full&sslcert={pem}")
