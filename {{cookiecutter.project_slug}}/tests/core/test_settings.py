"""Settings: what is read, what is refused, and what is said about it."""

import re
from pathlib import Path

import pytest

from app.core.settings import ConfigurationError, Settings, get_settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
STRONG = "kX7-visibly-fake-9sQ2-key-for-tests-only"


def _production(monkeypatch: pytest.MonkeyPatch, sign_in_settings: dict[str, str], **values: str) -> None:
    for name, value in {"ENVIRONMENT": "production", "SECRET_KEY": STRONG, "DATABASE_URL": "postgresql://db/x"}.items():
        monkeypatch.setenv(name, value)
    for name, secret in sign_in_settings.items():
        monkeypatch.setenv(name.upper(), secret)
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def test_development_needs_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENVIRONMENT")

    settings = load_settings()

    assert settings.environment == "development"
    assert not settings.is_deployed
    assert len(settings.pseudonym_key) >= 32


def test_settings_are_read_once() -> None:
    assert get_settings() is get_settings()


def test_production_with_everything_set_starts(
    monkeypatch: pytest.MonkeyPatch, sign_in_settings: dict[str, str]
) -> None:
    _production(monkeypatch, sign_in_settings)

    settings = load_settings()

    assert settings.is_deployed
    assert settings.pseudonym_key == STRONG.encode()


@pytest.mark.parametrize("environment", ["production", "staging", "Production"])
def test_every_wrong_setting_is_named_at_once(monkeypatch: pytest.MonkeyPatch, environment: str) -> None:
    monkeypatch.setenv("ENVIRONMENT", environment)
    monkeypatch.setenv("PORT", "99999")
    monkeypatch.setenv("DEBUG", "true")
    monkeypatch.setenv("SECRET_KEY", "hunter2")

    with pytest.raises(ConfigurationError) as error:
        load_settings()

    message = str(error.value)
    for name in ("PORT", "DEBUG", "SECRET_KEY", "DATABASE_URL"):
        assert f"  {name}: " in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    "weak", ["short", "x" * 40, "changeme" * 8, "", "secret-but-long-enough-0123456789abcdef", "ab" * 30]
)
def test_weak_secret_is_refused_where_deployed(
    monkeypatch: pytest.MonkeyPatch, sign_in_settings: dict[str, str], weak: str
) -> None:
    _production(monkeypatch, sign_in_settings, SECRET_KEY=weak)

    with pytest.raises(ConfigurationError, match=r"1 setting is wrong:\n  SECRET_KEY: .*make one: python -c"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("CORS_ORIGINS", "*", "exact origins"),
        ("CORS_ORIGINS", "app.example.com", "exact origins"),
        ("TRUSTED_PROXIES", "0.0.0.0/0", "would trust everybody"),
        ("TRUSTED_PROXIES", "::/0", "would trust everybody"),
        ("TRUSTED_PROXIES", "0.0.0.0/1,128.0.0.0/1", "would trust everybody"),
        ("TRUSTED_PROXIES", "proxy", "does not appear to be"),
        ("ROOT_PATH", "api", "needs the prefix"),
        ("ROOT_PATH", "//evil.example", "needs the prefix"),
        ("ROOT_PATH", "https://api.example.com/v1", "needs the prefix"),
        ("CORS_ORIGINS", "https://App.Example.com/x", "exact origins"),
        ("CORS_HEADERS", "*", "needs names of headers"),
        ("CORS_HEADERS", "X-One; X-Two", "needs names of headers"),
        ("CORS_HEADERS", "X-*", "needs names of headers"),
        ("CORS_EXPOSED_HEADERS", "ETag Link", "needs names of headers"),
        ("RATE_LIMIT", "often", "COUNT/PERIOD"),
        ("RATE_LIMIT", "0/minute", "COUNT/PERIOD"),
        ("RATE_LIMIT", "300/minute;1/second", "COUNT/PERIOD"),
        ("DATABASE_URL", "mysql://u@h/d", "only PostgreSQL works"),
        ("DIRECT_URL", "nope", "is not a database URL"),
        ("DB_POOLER", "pgbouncer", "'none', 'session' or 'transaction'"),
        ("DB_POOL_SIZE", "0", "greater than or equal to 1"),
        ("LOG_LEVEL", "LOUD", "'DEBUG'"),
        ("LOG_LEVEL", '"INFO"', "has quotes around it"),
        ("PORT", "'8000'", "has quotes around it"),
        ("DATABASE_URL", '"postgresql://u@h/d"', "has quotes around it"),
        ("SECRET_KEY", f"'{STRONG}'", "has quotes around it"),
    ],
)
def test_wrong_value_is_refused_with_the_accepted_form(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, complaint: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError, match=f"{name}: .*{re.escape(complaint)}"):
        load_settings()


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", []),
        ("https://a.example", ["https://a.example"]),
        (" https://a.example/ , https://b.example,", ["https://a.example", "https://b.example"]),
        ("https://a.example:443, tauri://localhost", ["https://a.example", "tauri://localhost"]),
        ('"https://a.example"', ["https://a.example"]),
        ('["https://a.example", "https://b.example"]', ["https://a.example", "https://b.example"]),
    ],
)
def test_lists_are_read_however_they_are_written(
    monkeypatch: pytest.MonkeyPatch, text: str, origins: list[str]
) -> None:
    monkeypatch.setenv("CORS_ORIGINS", text)

    assert load_settings().cors_origins == origins


def test_empty_variables_count_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(name.upper(), "")

    assert load_settings().db_pool_size == 10


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"HOST=one\n", "one"),
        (b"\xef\xbb\xbfHOST=one\n", "one"),  # with a byte order mark
        (b"HOST=one\r\nPORT=8001\r\n", "one"),
        (b"export HOST='o${HOME}ne'\n", "o${HOME}ne"),
        (b"HOST = 'o$HOME'\n", "o$HOME"),
        (b'NAME=ne\nHOST="o${NAME}"\n', "one"),
        (b"NAME=ne\nHOST=o${NAME}\n", "one"),
        (b"NAME=ne\nHOST='no'\nHOST=o${NAME}\n", "one"),
        (b"NAME='a${B}c'\nHOST=${NAME}\n", "a${B}c"),
        (b"HOST=${NOWHERE:-one}\n", "one"),
        (b"HOST=$5and$HOME\n", "$5and$HOME"),
    ],
)
def test_env_file_is_read_by_the_rules_of_a_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, value: str
) -> None:
    _in_folder_with_env_file(tmp_path, monkeypatch, content)

    assert load_settings().host == value


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("HOST=one\n".encode("utf-16"), ".env: is not UTF-8.*save it as UTF-8"),
        ("HOST=one\n".encode("utf-16-le"), ".env: is not UTF-8"),
        (b"PORT=8001\nHOST=o${NOWHERE}ne\n", r".env, line 2: has a \$\{NAME\} that is set nowhere"),
        ("HOST=\u00e9\n".encode("latin-1"), ".env: is not UTF-8"),
        (
            b'PORT=8001\nCORS_ORIGINS=["https://a.example",\n  "https://b.example"]\n',
            r".env, line 3: is not NAME=VALUE",
        ),
        (b"PORT=8001\n\nHOST\n", r".env, line 3: is not NAME=VALUE"),
        (b"HOST='one\n", r".env, line 1: is not NAME=VALUE"),
    ],
)
def test_env_file_with_a_mistake_is_reported_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, complaint: str
) -> None:
    _in_folder_with_env_file(tmp_path, monkeypatch, content)

    with pytest.raises(ConfigurationError, match=complaint):
        load_settings()


def _in_folder_with_env_file(folder: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    (folder / ".env").write_bytes(content)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(Settings, "env_file", Path(".env"))


def test_env_file_that_may_not_be_read_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _in_folder_with_env_file(tmp_path, monkeypatch, b"HOST=one")

    def refuse(_path: Path, **_options: object) -> str:
        raise PermissionError(13, "Permission denied")  # root may read everything, so the system does not refuse here

    monkeypatch.setattr(Path, "read_text", refuse)

    with pytest.raises(ConfigurationError, match=r"cannot be read \(Permission denied\)"):
        load_settings()


def test_variables_of_others_in_the_env_file_are_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("SOMEBODY_ELSES=1\nDB_POOL_SIZE=7\n")
    monkeypatch.setattr(Settings, "env_file", tmp_path / ".env")

    assert load_settings().db_pool_size == 7


def test_env_example_lists_exactly_the_settings() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")

    assert re.findall(r"^#([A-Z_]+)=", text, re.MULTILINE) == [
        name for name in re.findall(r"^#([A-Z_]+)=", text, re.MULTILINE) if name.lower() in Settings.model_fields
    ]
    assert {name.lower() for name in re.findall(r"^#([A-Z_]+)=", text, re.MULTILINE)} == set(Settings.model_fields)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_env_example_tells_the_meaning_and_the_default(name: str) -> None:
    field = Settings.model_fields[name]
    text = (ROOT / ".env.example").read_text(encoding="utf-8")

    match = re.search(rf"^# (.+)\n#{name.upper()}=(.*)$", text, re.MULTILINE)

    assert match, f"{name.upper()} is missing"
    assert match[1] == field.description
    assert match[2] == _written(field.default)


def _written(default: object) -> str:
    if default is None or default == []:
        return ""
    if isinstance(default, list):
        return ", ".join(default)
    return str(default).lower() if isinstance(default, bool) else str(default)
