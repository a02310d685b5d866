"""Settings of Clerk: what is refused, and what is said about it."""

import re

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from app.core.settings import ConfigurationError, Settings, load_settings
from tests.plugins.sign_in_clerk import ISSUER, PARTY, WEBHOOK_SECRET, public_pem, signing_key

PEM = public_pem(signing_key())
SHORT_PEM = public_pem(rsa.generate_private_key(public_exponent=65_537, key_size=1024))  # noqa: S505 - refused, which is the point
CURVE_PEM = (
    ec.generate_private_key(ec.SECP256R1())
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
PRIVATE_PEM = signing_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _deployed(monkeypatch: pytest.MonkeyPatch, sign_in_settings: dict[str, str], **values: str | None) -> None:
    service = {
        "environment": "production",
        "secret_key": "kX7-visibly-fake-9sQ2-key-for-tests-only",
        "database_url": "postgresql://db/x",
        **sign_in_settings,
    }
    for name, value in (service | values).items():
        if value is not None:
            monkeypatch.setenv(name.upper(), value)


def _set(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(name.upper(), value)
    return load_settings()


@pytest.mark.parametrize("name", ["clerk_issuer", "clerk_authorized_parties", "clerk_webhook_secret"])
@pytest.mark.parametrize("value", [None, ""], ids=["missing", "empty"])
def test_missing_setting_is_named_where_deployed(
    monkeypatch: pytest.MonkeyPatch, sign_in_settings: dict[str, str], name: str, value: str | None
) -> None:
    _deployed(monkeypatch, sign_in_settings, **{name: value})

    with pytest.raises(ConfigurationError, match=rf"1 setting is wrong:\n  {name.upper()}: is missing"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("clerk_issuer", "http://127.0.0.1:8080"),
        ("clerk_issuer", "https://clerk.development.invalid"),
        ("clerk_jwks_url", "http://localhost/keys"),
        ("clerk_authorized_parties", "http://localhost:3000"),
        ("clerk_webhook_secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ("clerk_webhook_secret", f"{WEBHOOK_SECRET},whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ("clerk_webhook_secret", "whsec_" + "YWFh" * 12),
        ("clerk_webhook_secret", "whsec_changemechangemechangemechangeme0123"),
    ],
)
def test_what_suits_development_is_refused_where_deployed(
    monkeypatch: pytest.MonkeyPatch, sign_in_settings: dict[str, str], name: str, value: str
) -> None:
    _set(monkeypatch, **{name: value})
    _deployed(monkeypatch, sign_in_settings, **{name: value})

    with pytest.raises(ConfigurationError, match=rf"1 setting is wrong:\n  {name.upper()}: ") as error:
        load_settings()

    assert "whsec_M" not in str(error.value)


@pytest.mark.parametrize(
    "party", ["https://app.example.com", "tauri://localhost", "http://localhost", "http://tauri.localhost"]
)
def test_page_that_nobody_on_the_way_can_change_is_accepted_where_deployed(
    monkeypatch: pytest.MonkeyPatch, sign_in_settings: dict[str, str], party: str
) -> None:
    _deployed(monkeypatch, sign_in_settings, clerk_authorized_parties=party)

    assert load_settings().clerk_authorized_parties == [party]


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("clerk_issuer", "clerk.example.com", "must be the Frontend API URL"),
        ("clerk_issuer", "http://clerk.example.com", "must be the Frontend API URL"),
        ("clerk_issuer", "http://127.0.0.1.example.com", "must be the Frontend API URL"),
        ("clerk_issuer", "https://clerk.example.com/", "as tokens have it"),
        ("clerk_issuer", "https://app.example.com/__clerk/", "as tokens have it"),
        ("clerk_issuer", "https://app.example.com/__clerk?x=1", "as tokens have it"),
        ("clerk_issuer", "https://app.example.com:443/__clerk", "as tokens have it"),
        ("clerk_issuer", "tauri://localhost", "as tokens have it"),
        ("clerk_issuer", "https://Clerk.example.com", "must be the Frontend API URL"),
        ("clerk_issuer", "https://u:p@clerk.example.com", "must be the Frontend API URL"),
        ("clerk_jwks_url", "http://clerk.example.com/keys", "must be an address"),
        ("clerk_jwks_url", "file:///etc/passwd", "must be an address"),
        ("clerk_jwks_url", "https://clerk.example.com/a b", "must be an address"),
        ("clerk_jwks_url", "https://u@clerk.example.com/keys", "must be an address"),
        ("clerk_jwt_key", "hello", "must be the PEM public key"),
        ("clerk_jwt_key", "é", "must be the PEM public key"),
        ("clerk_jwt_key", PRIVATE_PEM, "must be the PEM public key"),
        ("clerk_jwt_key", SHORT_PEM, "must be an RSA key of 2048 bits or more"),
        ("clerk_jwt_key", CURVE_PEM, "must be an RSA key of 2048 bits or more"),
        ("clerk_authorized_parties", "*", "needs exact origins"),
        ("clerk_authorized_parties", "http://app.example.com", "needs https"),
        ("clerk_authorized_parties", "http://localhost.example.com", "needs https"),
        ("clerk_authorized_parties", "app.example.com", "needs exact origins"),
        ("clerk_authorized_parties", f"{PARTY},{PARTY}/path", "needs exact origins"),
        ("clerk_webhook_secret", WEBHOOK_SECRET.removeprefix("whsec_"), "must be whsec_"),
        ("clerk_webhook_secret", f"{WEBHOOK_SECRET},whsec_!!!", "must be whsec_ and base64"),
        ("clerk_webhook_secret", WEBHOOK_SECRET[:-1], "must be whsec_ and base64"),
        ("clerk_webhook_secret", "whsec_c2hvcnQ=", "24 bytes or more"),
        ("clerk_webhook_secret", "whsec_", "24 bytes or more"),
    ],
)
def test_wrong_value_is_refused_with_the_accepted_form(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, complaint: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"1 setting is wrong:\n  {name.upper()}: .*{re.escape(complaint)}"):
        _set(monkeypatch, **{name: value})


@pytest.mark.parametrize("value", [WEBHOOK_SECRET.replace("whsec_", "hunter2_"), PRIVATE_PEM])
@pytest.mark.parametrize("name", ["clerk_webhook_secret", "clerk_jwt_key"])
def test_complaint_does_not_repeat_what_may_be_a_secret(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        _set(monkeypatch, **{name: value})

    assert "hunter2" not in str(error.value)
    assert "PRIVATE" not in str(error.value)


@pytest.mark.parametrize(
    "written",
    [PEM, PEM.replace("\n", "\\n"), PEM.replace("\n", "\r\n"), PEM.strip()],
    ids=["lines", "one line", "Windows", "stripped"],
)
def test_key_is_read_however_it_is_written(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    settings = _set(monkeypatch, clerk_jwt_key=written)

    assert settings.clerk_public_key == signing_key().public_key()


def test_keys_are_fetched_from_the_issuer_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().clerk_keys_url is None
    assert _set(monkeypatch, clerk_issuer=ISSUER).clerk_keys_url == f"{ISSUER}/.well-known/jwks.json"
    assert _set(monkeypatch, clerk_jwks_url="https://keys.example.test/k?v=1").clerk_keys_url == (
        "https://keys.example.test/k?v=1"
    )
    assert _set(monkeypatch, clerk_jwt_key=PEM).clerk_keys_url is None


def test_front_end_behind_a_proxy_and_apps_can_be_set(
    monkeypatch: pytest.MonkeyPatch, sign_in_settings: dict[str, str]
) -> None:
    _deployed(
        monkeypatch,
        sign_in_settings,
        clerk_issuer="https://app.example.com/__clerk",
        clerk_jwt_key=None,
        clerk_authorized_parties=f"{PARTY}/, chrome-extension://abcdef, tauri://localhost, http://tauri.localhost",
    )

    settings = load_settings()

    assert settings.clerk_keys_url == "https://app.example.com/__clerk/.well-known/jwks.json"
    assert settings.clerk_authorized_parties == [
        *(PARTY, "chrome-extension://abcdef", "tauri://localhost", "http://tauri.localhost")
    ]


def test_service_of_native_apps_alone_needs_no_party(
    monkeypatch: pytest.MonkeyPatch, sign_in_settings: dict[str, str]
) -> None:
    _deployed(monkeypatch, sign_in_settings, clerk_authorized_parties="", clerk_native_apps="true")

    assert load_settings().clerk_authorized_parties == []


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _set(
        monkeypatch,
        clerk_authorized_parties=f"{PARTY}, http://localhost:3000",
        clerk_webhook_secret=f"{WEBHOOK_SECRET}, whsec_dmlzaWJseSBmYWtlLCB0aGUgbmV3IG9uZQ==",
    )

    assert settings.clerk_authorized_parties == [PARTY, "http://localhost:3000"]
    assert settings.clerk_webhook_keys == [b"Visibly-Fake-Key-For-Tests-01", b"visibly fake, the new one"]
