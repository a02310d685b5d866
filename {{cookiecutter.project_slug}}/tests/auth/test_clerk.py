"""Session tokens against Clerk's rules. Every attack goes through HTTP, because what counts is the answer."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

import httpx2
import jwt
import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from jwt.algorithms import RSAAlgorithm

from app.auth.clerk import ClerkAuthenticator
from app.core.settings import Settings
from app.core.settings.clerk import ClerkSettings
from app.db.database import Database
from app.main import create_app
from tests.auth.clerk_provider import KeyServer, serve_keys
from tests.plugins.client import open_client
from tests.plugins.sign_in_clerk import (
    ISSUER,
    KEY_ID,
    PARTY,
    claims_of,
    header_of,
    public_pem,
    session_token,
    signing_key,
)

ME: Final = "/api/v1/users/me"
Make = Callable[[], str]


@pytest.fixture
def keys() -> Iterator[KeyServer]:
    """The provider. Each test has its own: a request that was given up may arrive after its test."""
    with serve_keys() as keys:
        yield keys


@pytest.fixture
async def clerk(settings: Settings, database: Database, keys: KeyServer) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a service that fetches the instance's keys."""
    fetching = settings.model_copy(
        update={"rate_limit_sign_in": "10000/minute", "clerk_jwt_key": None, "clerk_jwks_url": f"{keys.url}/keys"}
    )
    app = create_app(fetching, database=database, authenticator=ClerkAuthenticator(fetching))
    async with open_client(app) as client:
        yield client


@pytest.fixture
async def networkless(settings: Settings, database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a service that was given the instance's key, whatever id a token names."""
    lenient = settings.model_copy(update={"rate_limit_sign_in": "10000/minute"})
    app = create_app(lenient, database=database, authenticator=ClerkAuthenticator(lenient))
    async with open_client(app) as client:
        yield client


async def _status(client: httpx2.AsyncClient, authorization: str) -> int:
    response = await client.get(ME, headers={b"Authorization": authorization.encode()})
    if response.status_code != 200:
        assert response.headers["www-authenticate"].startswith('Bearer realm="api"')
        assert response.json()["code"] == "not_authenticated"
        assert response.json()["detail"] == "Sign in to use this."
    return response.status_code


def _segment(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _header(**changes: object) -> dict[str, object]:
    header = {"alg": "RS256", **header_of(), **changes}
    return {name: value for name, value in header.items() if value is not None}


def _signed(header: object = None, payload: object = None, *, key: RSAPrivateKey | None = None) -> str:
    """A token whose RS256 signature is right, whatever its header says."""
    signed = f"{_segment(_header() if header is None else header)}.{_segment(payload or claims_of())}"
    return f"{signed}.{_segment((key or signing_key()).sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _hmac_signed(header: object, secret: bytes) -> str:
    signed = f"{_segment(header)}.{_segment(claims_of())}"
    return f"{signed}.{_segment(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def _unsigned(header: object, signature: str = "") -> str:
    return f"{_segment(header)}.{_segment(claims_of())}.{signature}"


def _own() -> RSAPrivateKey:
    return signing_key("the attacker's")


def _own_jwk() -> object:
    return json.loads(RSAAlgorithm.to_jwk(_own().public_key()))


def _parts(index: int) -> str:
    return session_token().split(".")[index]


def _pem() -> str:
    return public_pem(signing_key())


def _swapped(token: str, payload: object) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{_segment(payload)}.{signature}"


def _flipped(token: str) -> str:
    head, _, signature = token.rpartition(".")
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def _session(**changes: object) -> Make:
    return lambda: _signed(payload=claims_of(**changes))


def _headed(**changes: object) -> Make:
    return lambda: _signed(_header(**changes))


def _seconds(claim: str, offset: float) -> Make:
    return lambda: session_token(claims_of(**{claim: int(time.time()) + offset}))


def _payload(text: str) -> Make:
    """A genuine token with a text in place of the closing brace of its claims."""
    return lambda: _signed(payload=json.dumps(claims_of()).removesuffix("}").encode() + text.encode())


VERSION_1: Final[dict[str, object]] = {
    "v": None,
    "sts": None,
    "org_id": "org_1",
    "org_role": "org:admin",
    "org_permissions": [],
}
VALID: Final[dict[str, Make]] = {
    "version 2": _session(),
    "version 1, with an organisation": _session(**VERSION_1),
    "expired 3 seconds ago": _seconds("exp", -3),
    "issued 3 seconds ahead": _seconds("iat", 3),
    "valid in 3 seconds": _seconds("nbf", 3),
    "times with a fraction": _seconds("exp", 60.5),
    "an unknown field in the header": _headed(tomorrow="x"),
    "no category, as before it was introduced": _headed(cat=None),
    "a category in the other notation": _headed(cat="cl_I7d4PD111III"),
}


@pytest.mark.parametrize("name", VALID)
async def test_session_token_is_accepted(networkless: httpx2.AsyncClient, name: str) -> None:
    assert await _status(networkless, f"Bearer {VALID[name]()}") == 200


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
async def test_case_of_the_scheme_does_not_matter(clerk: httpx2.AsyncClient, scheme: str) -> None:
    assert await _status(clerk, f"{scheme} {session_token()}") == 200


MALFORMED: Final[dict[str, Make]] = {
    "blank": lambda: "  ",
    "one part": lambda: _parts(0),
    "two parts": lambda: session_token().rpartition(".")[0],
    "four parts": lambda: f"{session_token()}.x",
    "five parts": lambda: f"{session_token()}.x.x",
    "an empty part": lambda: f".{session_token().partition('.')[2]}",
    "not base64": lambda: session_token().replace(_parts(0), "!!!!"),
    "base64 with padding": lambda: session_token().replace(_parts(0), f"{_parts(0)}=="),
    "base64 of an impossible length": lambda: session_token().replace(_parts(0), "aaaaa"),
    "a blank inside": lambda: f"{_parts(0)} .{_parts(1)}.{_parts(2)}",
    "not ASCII": lambda: f"{session_token()}é",
    "header no JSON": lambda: _signed(b"hello"),
    "header not UTF-8": lambda: _signed(b'{"alg":"\xff"}'),
    "header a list": lambda: _signed([_header()]),
    "header three thousand deep": lambda: _signed(b"[" * 3000),
    "header with a name twice": lambda: _signed(b'{"kid":"x",' + json.dumps(_header()).encode()[1:]),
    "more than 8 KB": _session(padding="x" * 6000),
}
ALGORITHMS: Final[dict[str, Make]] = {
    "none": lambda: _unsigned(_header(alg="none")),
    "none, with a signature": lambda: _unsigned(_header(alg="none"), "AAAA"),
    "none in another case": lambda: _unsigned(_header(alg="nOnE"), "AAAA"),
    "missing": _headed(alg=None),
    "in lower case": _headed(alg="rs256"),
    "RS512": lambda: jwt.encode(claims_of(), signing_key(), algorithm="RS512", headers=header_of()),
    "PS256": lambda: jwt.encode(claims_of(), signing_key(), algorithm="PS256", headers=header_of()),
    "ES256": lambda: jwt.encode(claims_of(), generate_private_key(SECP256R1()), algorithm="ES256", headers=header_of()),
    "HS256 with the public key": lambda: _hmac_signed(_header(alg="HS256"), _pem().encode()),
    "HS256 with the public key, stripped": lambda: _hmac_signed(_header(alg="HS256"), _pem().strip().encode()),
    "HS256 with no key": lambda: _hmac_signed(_header(alg="HS256"), b""),
    "RS256 over an HMAC": lambda: _hmac_signed(_header(), _pem().encode()),
}
FORGED: Final[dict[str, Make]] = {
    "own key under the known id": lambda: session_token(key=_own()),
    "own key under an unknown id": lambda: session_token(key=_own(), kid="ins_attacker"),
    "signature stripped": lambda: session_token().rpartition(".")[0] + ".",
    "signature flipped": lambda: _flipped(session_token()),
    "payload swapped": lambda: _swapped(session_token(), claims_of("user_43")),
    "id a path": _headed(kid="../../../dev/null"),
    "id an injection": _headed(kid="' OR 1=1 --"),
    "id an address": _headed(kid="http://127.0.0.1:9/evil"),
    "key in the header": lambda: _signed(_header(jwk=_own_jwk()), key=_own()),
    "key in the header, unknown id": lambda: _signed(_header(jwk=_own_jwk(), kid="x"), key=_own()),
}
HEADERS: Final[dict[str, Make]] = {
    "critical extension": _headed(crit=["exp"]),
    "OAuth access token": _headed(typ="at+jwt"),
    "no type": _headed(typ=None),
    "type a list": _headed(typ=["JWT"]),
    "token of a machine": _headed(cat="cl_B7d4PD333AAA"),
    "token of a template": _headed(cat="cl_B7d4PD222AAA"),
    "category a list": _headed(cat=["cl_B7d4PD111AAA"]),
}
CLAIMS: Final[dict[str, Make]] = {
    **{f"{name} missing": _session(**{name: None}) for name in ("exp", "iat", "nbf", "iss", "sub", "sid")},
    **{f"{name} null": _payload(f', "{name}": null}}') for name in ("exp", "iat", "nbf")},
    **{
        f"{name} {kind}": _session(**{name: value})
        for name in ("exp", "iat", "nbf")
        for kind, value in {"a word": "soon", "a list": [1], "true": True, "digits in a text": "1790000000"}.items()
    },
    "exp digits in a text, ahead": _session(exp="9999999999"),
    "exp without end": lambda: _signed(
        payload=json.dumps(claims_of(exp=1)).replace('"exp": 1', '"exp": 1e999').encode()
    ),
    "exp not a number": lambda: _signed(
        payload=json.dumps(claims_of(exp=1)).replace('"exp": 1', '"exp": NaN').encode()
    ),
    "expired": _seconds("exp", -6),
    "not valid yet": _seconds("nbf", 8),
    "issued in the future": _seconds("iat", 8),
    "subject a machine": _session(sub="mch_42"),
    "subject empty": _session(sub=""),
    "subject a number": _session(sub=42),
    "subject a prefix alone": _session(sub="user_"),
    "subject with a line feed": _session(sub="user_42\n"),
    "subject with NUL": _session(sub="user_4\x002"),
    "subject of 140 characters": _session(sub=f"user_{'x' * 140}"),
    "session odd": _session(sid="client_42"),
    "session a number": _session(sid=42),
    "another issuer": _session(iss="https://clerk.attacker.test"),
    "issuer a prefix": _session(iss=ISSUER[:-1]),
    "issuer extended": _session(iss=f"{ISSUER}.attacker.test"),
    "issuer with a slash": _session(iss=f"{ISSUER}/"),
    "issuer a list": _session(iss=[ISSUER]),
    "an audience": _session(aud="somebody"),
    "another party": _session(azp="https://attacker.test"),
    "no party": _session(azp=None),
    "party extended": _session(azp=f"{PARTY}.attacker.test"),
    "party in another case": _session(azp=PARTY.upper()),
    "party a list": _session(azp=[PARTY]),
    "session pending": _session(sts="pending"),
    "session in an unknown state": _session(sts="tomorrow"),
    "claims a list": lambda: _signed(payload=[claims_of()]),
    "claims three thousand deep": lambda: _signed(payload=b"[" * 3000),
    "subject twice": _payload(', "sub": "user_1"}'),
}
ATTACKS: Final = {
    f"{group}: {name}": make
    for group, table in {
        "malformed": MALFORMED,
        "algorithm": ALGORITHMS,
        "header": HEADERS,
        "claims": CLAIMS,
    }.items()
    for name, make in table.items()
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_attack_is_refused_with_401(networkless: httpx2.AsyncClient, attack: str) -> None:
    assert await _status(networkless, f"Bearer {ATTACKS[attack]()}") == 401


@pytest.mark.parametrize("attack", FORGED)
async def test_forgery_is_refused_with_401(clerk: httpx2.AsyncClient, attack: str) -> None:
    assert await _status(clerk, f"Bearer {FORGED[attack]()}") == 401


@pytest.mark.parametrize("authorization", ["Bearer", "Basic dXNlcjpwYXNz", "token"])
async def test_other_credentials_are_refused_with_401(clerk: httpx2.AsyncClient, authorization: str) -> None:
    assert await _status(clerk, authorization) == 401


@pytest.mark.parametrize(
    "kid", [None, "", 42, ["ins_fake"], "x" * 129, "line\nfeed", "é"], ids=lambda kid: f"{str(kid)[:8]!r}"
)
async def test_malformed_key_id_is_refused_though_the_key_is_right(
    networkless: httpx2.AsyncClient, kid: object
) -> None:
    assert await _status(networkless, f"Bearer {_signed(_header(kid=kid))}") == 401


@pytest.mark.parametrize("name", ["jku", "x5u"])
async def test_address_in_a_token_is_not_asked(clerk: httpx2.AsyncClient, keys: KeyServer, name: str) -> None:
    for kid in (KEY_ID, "ins_attacker"):
        token = _signed(_header(kid=kid, **{name: f"{keys.url}/evil"}), key=_own())

        assert await _status(clerk, f"Bearer {token}") == 401

    assert set(keys.asked) == {"/keys"}


async def test_cookie_signs_nobody_in(clerk: httpx2.AsyncClient) -> None:
    response = await clerk.get(ME, headers={"Cookie": f"__session={session_token()}"})

    assert response.status_code == 401


async def test_two_credentials_are_refused(clerk: httpx2.AsyncClient) -> None:
    header = ("Authorization", f"Bearer {session_token()}")

    response = await clerk.get(ME, headers=[header, header])

    assert response.status_code == 401


async def test_request_without_credentials_is_challenged(clerk: httpx2.AsyncClient) -> None:
    response = await clerk.get(ME)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="api"'


async def test_wrong_credentials_are_named_invalid_and_no_more(clerk: httpx2.AsyncClient) -> None:
    response = await clerk.get(ME, headers={"Authorization": f"Bearer {CLAIMS['expired']()}"})

    assert response.headers["www-authenticate"] == 'Bearer realm="api", error="invalid_token"'
    assert "expired" not in response.text


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 100_000, b'{"display_name": 1}'])
async def test_broken_body_without_credentials_is_401(clerk: httpx2.AsyncClient, content: bytes) -> None:
    response = await clerk.patch(ME, content=content, headers={"Content-Type": "application/json"})

    assert response.status_code == 401


async def test_failed_sign_ins_are_limited_per_address(settings: Settings, database: Database) -> None:
    strict = settings.model_copy(update={"rate_limit_sign_in": "3/hour"})

    async with open_client(create_app(strict, database=database, authenticator=ClerkAuthenticator(strict))) as client:
        wrong = {"Authorization": "Bearer wrong"}
        statuses = [(await client.get(ME, headers=wrong)).status_code for _ in range(5)]

    assert statuses == [401, 401, 401, 429, 429]


async def test_principal_is_the_user_until_the_token_expires(settings: Settings) -> None:
    claims = claims_of("user_42", exp=int(time.time()) + 60)

    principal = await ClerkAuthenticator(settings).authenticate([f"Bearer {session_token(claims)}"])

    assert (principal.provider, principal.subject, principal.display_name) == ("clerk", "user_42", "")
    assert principal.permissions is None
    assert principal.expires_at == claims["exp"]


async def test_role_of_the_organisation_limits_what_its_member_may_do(networkless: httpx2.AsyncClient) -> None:
    reader = claims_of(o={"id": "org_1", "rol": "reader", "per": "read,write", "fpm": "1"}, fea="o:profile")
    headers = {"Authorization": f"Bearer {session_token(reader)}"}

    read = await networkless.get(ME, headers=headers)
    written = await networkless.patch(ME, headers=headers, json={"locale": "fr"})

    assert read.status_code == 200
    assert written.status_code == 403
    assert written.json()["code"] == "forbidden"


@pytest.mark.parametrize(
    ("actor", "named"),
    [({"sub": "user_admin"}, "user_admin"), ("odd", "unknown"), ({"sub": ""}, "unknown"), ({"sub": None}, "unknown")],
)
async def test_impersonation_is_logged(
    networkless: httpx2.AsyncClient, logs: list[structlog.typing.EventDict], actor: object, named: str
) -> None:
    token = session_token(claims_of("user_42", act=actor))

    statuses = [await _status(networkless, f"Bearer {token}") for _ in range(2)]

    lines = [(line["actor"], line["subject"]) for line in logs if line["event"] == "impersonated"]
    assert statuses == [200, 200]
    assert lines == [(named, "user_42")] * 2  # also where the token was proven a moment ago


async def test_without_parties_any_page_may_send_its_session(settings: Settings, database: Database) -> None:
    native = settings.model_copy(update={"clerk_authorized_parties": []})

    async with open_client(create_app(native, database=database, authenticator=ClerkAuthenticator(native))) as client:
        assert await _status(client, f"Bearer {session_token(claims_of(azp=None))}") == 200


@pytest.mark.parametrize(
    ("changes", "claims", "status"),
    [
        ({"clerk_native_apps": True}, {"azp": None}, 200),
        ({"clerk_native_apps": True, "clerk_authorized_parties": []}, {"azp": None}, 200),
        ({"clerk_native_apps": True, "clerk_authorized_parties": []}, {"azp": PARTY}, 401),
        ({"clerk_native_apps": True}, {"azp": PARTY}, 200),
        ({"clerk_native_apps": True}, {"azp": "https://attacker.test"}, 401),
        ({"clerk_native_apps": True}, {"azp": ""}, 401),
        ({"clerk_native_apps": True}, {"azp": [None]}, 401),
        ({"clerk_authorized_parties": ["chrome-extension://abcdef"]}, {"azp": "chrome-extension://abcdef"}, 200),
        ({"clerk_audience": ["mobile", "web"]}, {"aud": "web"}, 200),
        ({"clerk_audience": ["mobile", "web"]}, {"aud": ["other", "web"]}, 200),
        ({"clerk_audience": ["mobile", "web"]}, {"aud": "other"}, 401),
        ({"clerk_audience": ["mobile", "web"]}, {}, 401),
        ({"clerk_issuer": "https://app.example.test/__clerk"}, {"iss": "https://app.example.test/__clerk"}, 200),
    ],
)
async def test_setting_says_whose_sessions_are_accepted(
    settings: Settings, database: Database, changes: dict[str, object], claims: dict[str, object], status: int
) -> None:
    changed = settings.model_copy(update=changes)

    async with open_client(create_app(changed, database=database, authenticator=ClerkAuthenticator(changed))) as client:
        assert await _status(client, f"Bearer {session_token(claims_of(**claims))}") == status


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"aud": "somebody"}, "wrong_audience"),
        ({"iss": "https://clerk.other.test"}, "wrong_issuer"),
        ({"nbf": 4_102_444_800}, "not_yet_valid"),
        ({"exp": 1}, "expired"),
        ({"sid": None}, "missing_claim"),
        ({"sub": 42}, "malformed"),
        ({"azp": None}, "wrong_party"),
    ],
)
async def test_log_says_why_a_genuine_token_is_refused(
    networkless: httpx2.AsyncClient, logs: list[structlog.typing.EventDict], claims: dict[str, object], reason: str
) -> None:
    assert await _status(networkless, f"Bearer {session_token(claims_of(**claims))}") == 401

    assert [line["reason"] for line in logs if "reason" in line] == [reason]


async def test_log_calls_forged_what_another_key_has_signed(
    networkless: httpx2.AsyncClient, logs: list[structlog.typing.EventDict]
) -> None:
    await _status(networkless, f"Bearer {session_token(key=signing_key('the attacker'))}")

    assert [line["reason"] for line in logs if "reason" in line] == ["forged"]


@pytest.mark.parametrize("name", ["clerk_issuer", "clerk_jwt_key"])
async def test_service_without_an_issuer_accepts_nobody(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("app.auth.clerk.fetch_document", pytest.fail)
    unset = settings.model_copy(update={"clerk_issuer": None, name: None})

    async with open_client(create_app(unset, database=database, authenticator=ClerkAuthenticator(unset))) as client:
        for claims in (claims_of(), claims_of(iss=None)):
            assert await _status(client, f"Bearer {session_token(claims)}") == 401


def test_settings_of_the_tests_are_those_of_a_deployed_service(sign_in_settings: dict[str, str]) -> None:
    given = {name: value for name, value in sign_in_settings.items() if name in ClerkSettings.model_fields}

    settings = ClerkSettings.model_validate({"environment": "production", **given})

    assert settings.clerk_keys_url is None
    assert settings.clerk_public_key == signing_key().public_key()
