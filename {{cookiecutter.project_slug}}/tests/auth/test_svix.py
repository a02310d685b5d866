"""Signatures of webhooks: the public example, and everything that an attacker can send."""

from base64 import b64decode
from typing import Final

import pytest

from app.auth import svix
from app.auth.svix import SignatureError

# The example of https://github.com/standard-webhooks/standard-webhooks, which is Svix's own scheme.
KEY: Final = b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
OTHER_KEY: Final = b"another key, of 28 bytes too"
MESSAGE: Final = "msg_p5jXN8AQM9LWM0D4loKWxJek"
SENT_AT: Final = 1_614_265_330
BODY: Final = b'{"test": 2432232314}'
SIGNATURE: Final = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def _headers(**changes: str) -> dict[str, str]:
    headers = {"id": MESSAGE, "timestamp": str(SENT_AT), "signature": SIGNATURE} | changes
    return {f"svix-{name}": value for name, value in headers.items() if value != "absent"}


def test_published_example_is_genuine() -> None:
    assert svix.signature(MESSAGE, str(SENT_AT), BODY, KEY) == SIGNATURE
    assert svix.verify(_headers(), BODY, [KEY], now=SENT_AT) == MESSAGE


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_clocks_may_differ_by_five_minutes(seconds: int) -> None:
    assert svix.verify(_headers(), BODY, [KEY], now=SENT_AT + seconds) == MESSAGE


@pytest.mark.parametrize("seconds", [-301, 301, 300.5, 86_400])
def test_message_of_another_time_is_refused(seconds: float) -> None:
    with pytest.raises(SignatureError, match="stale"):
        svix.verify(_headers(), BODY, [KEY], now=SENT_AT + seconds)


@pytest.mark.parametrize("keys", [[OTHER_KEY, KEY], [KEY, OTHER_KEY]], ids=["first", "second"])
def test_secret_may_be_any_of_those_in_force(keys: list[bytes]) -> None:
    assert svix.verify(_headers(), BODY, keys, now=SENT_AT) == MESSAGE


@pytest.mark.parametrize("signatures", [f"v1,AAAA {SIGNATURE}", f"{SIGNATURE} v1,AAAA", f"v2,x {SIGNATURE}"])
def test_one_good_signature_among_several_is_enough(signatures: str) -> None:
    assert svix.verify(_headers(signature=signatures), BODY, [KEY], now=SENT_AT) == MESSAGE


@pytest.mark.parametrize(
    ("changes", "body", "keys"),
    [
        pytest.param({}, b'{"test": 2432232315}', [KEY], id="body changed"),
        pytest.param({}, b'{"test":2432232314}', [KEY], id="body written again"),
        pytest.param({}, b"", [KEY], id="body empty"),
        pytest.param({"id": "msg_other"}, BODY, [KEY], id="id changed"),
        pytest.param({"timestamp": str(SENT_AT + 1)}, BODY, [KEY], id="timestamp changed"),
        pytest.param({}, BODY, [OTHER_KEY], id="another key"),
        pytest.param({}, BODY, [], id="no key"),
        pytest.param({"signature": "absent"}, BODY, [KEY], id="signature absent"),
        pytest.param({"signature": ""}, BODY, [KEY], id="signature empty"),
        pytest.param({"signature": "v1,"}, BODY, [KEY], id="signature without a value"),
        pytest.param({"signature": SIGNATURE[3:]}, BODY, [KEY], id="signature without a version"),
        pytest.param({"signature": SIGNATURE.replace("v1", "v2")}, BODY, [KEY], id="signature of another version"),
        pytest.param({"signature": SIGNATURE.replace(",", "")}, BODY, [KEY], id="signature without a comma"),
        pytest.param({"signature": SIGNATURE.rstrip("=")}, BODY, [KEY], id="signature without padding"),
        pytest.param({"signature": "v1,!!!"}, BODY, [KEY], id="signature no base64"),
        pytest.param({"signature": "v1,é"}, BODY, [KEY], id="signature not ASCII"),
        pytest.param({"signature": SIGNATURE.replace("g", "G", 1)}, BODY, [KEY], id="signature changed"),
        pytest.param({"id": "absent"}, BODY, [KEY], id="id absent"),
        pytest.param({"id": ""}, BODY, [KEY], id="id empty"),
        pytest.param({"timestamp": "absent"}, BODY, [KEY], id="timestamp absent"),
        pytest.param({"timestamp": "now"}, BODY, [KEY], id="timestamp no number"),
        pytest.param({"timestamp": f"{SENT_AT}.5"}, BODY, [KEY], id="timestamp a fraction"),
        pytest.param({"timestamp": f"-{SENT_AT}"}, BODY, [KEY], id="timestamp negative"),
    ],
)
def test_message_that_is_not_as_it_was_sent_is_refused(changes: dict[str, str], body: bytes, keys: list[bytes]) -> None:
    with pytest.raises(SignatureError):
        svix.verify(_headers(**changes), body, keys, now=SENT_AT)


@pytest.mark.parametrize(
    ("identifier", "timestamp"),
    [
        pytest.param("msg.1614265330", "1614265330", id="id with a point, which parts what is signed"),
        pytest.param("x" * 129, "1614265330", id="id of 129 characters"),
        pytest.param("é", "1614265330", id="id not ASCII"),
        pytest.param("msg_1", "\u0661\u0666\u0661\u0664\u0662\u0666\u0665\u0663\u0663\u0660", id="Arabic digits"),
        pytest.param("msg_1", "0000001614265330", id="timestamp of 16 digits"),
    ],
)
def test_odd_header_is_refused_though_its_signature_is_right(identifier: str, timestamp: str) -> None:
    signed = svix.signature(identifier, timestamp, BODY, KEY)

    with pytest.raises(SignatureError, match="malformed"):
        svix.verify(_headers(id=identifier, timestamp=timestamp, signature=signed), BODY, [KEY], now=SENT_AT)
