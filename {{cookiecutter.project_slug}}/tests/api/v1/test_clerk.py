"""Clerk's webhook: what is believed, and what comes of messages that arrive twice, late, or at once."""

import asyncio
import json
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import httpx2
import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import svix
from app.auth.clerk import ClerkAuthenticator
from app.core.settings import Settings
from app.core.settings.clerk import ClerkSettings
from app.db.database import Database
from app.main import create_app
from app.models.clerk import ClerkMessage, ClerkUser
from app.models.users import User
from tests.plugins.client import open_client
from tests.plugins.sign_in_clerk import claims_of, session_token

HOOK: Final = "/api/v1/webhooks/clerk"
ME: Final = "/api/v1/users/me"
DAY: Final = 86_400_000
NOON: Final = 1_790_000_000_000
SIGNED_IN: Final = "user_42"


@pytest.fixture
def start(settings: Settings) -> Callable[[Database], AbstractAsyncContextManager[httpx2.AsyncClient]]:
    """Opens a client of a service that Clerk signs people in to, on a database."""

    @asynccontextmanager
    async def started(database: Database) -> AsyncIterator[httpx2.AsyncClient]:
        lenient = settings.model_copy(update={"rate_limit_sign_in": "10000/minute", "caller_known_seconds": 0})
        app = create_app(lenient, database=database, authenticator=ClerkAuthenticator(lenient))
        async with open_client(app) as client:
            yield client

    return started


Start = Callable[[Database], AbstractAsyncContextManager[httpx2.AsyncClient]]


@pytest.fixture
async def clerk(start: Start, database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of such a service, whose rows are rolled back."""
    async with start(database) as client:
        yield client


@pytest.fixture
def key(settings: Settings) -> bytes:
    """What Clerk signs messages with."""
    return settings.clerk_webhook_keys[0]


def _user_event(kind: str, *, at: int = NOON, first_name: str | None = "Ada", **changes: object) -> dict[str, object]:
    data = {"id": SIGNED_IN, "first_name": first_name, "last_name": None, "username": None, "updated_at": at, **changes}
    return {"type": kind, "object": "event", "timestamp": at + 5, "instance_id": "ins_1", "data": data}


CREATED: Final = _user_event("user.created")
DELETED: Final = {
    "type": "user.deleted",
    "object": "event",
    "timestamp": NOON + DAY,
    "data": {"id": SIGNED_IN, "object": "user", "deleted": True},
}


def _message(key: bytes, event: object, *, identifier: str = "msg_1", sent_at: float | None = None) -> httpx2.Request:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    timestamp = str(int(sent_at or time.time()))
    headers = {
        "content-type": "application/json",
        "svix-id": identifier,
        "svix-timestamp": timestamp,
        "svix-signature": svix.signature(identifier, timestamp, body, key),
    }
    return httpx2.Request("POST", f"http://service.test{HOOK}", content=body, headers=headers)


async def _deliver(client: httpx2.AsyncClient, key: bytes, *events: object) -> list[int]:
    """Deliver one message for each event, in this order; the statuses."""
    messages = [_message(key, event, identifier=f"msg_{number}") for number, event in enumerate(events)]
    return [(await client.send(message)).status_code for message in messages]


async def _people(session: AsyncSession) -> list[tuple[str, str, str, str]]:
    rows = await session.execute(select(User.auth_subject, User.display_name, User.provider_name, User.role))
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def _signed_in() -> dict[str, str]:
    return {"Authorization": f"Bearer {session_token(claims_of(SIGNED_IN))}"}


async def test_user_that_clerk_tells_of_is_the_one_who_signs_in(
    clerk: httpx2.AsyncClient, key: bytes, session: AsyncSession
) -> None:
    assert await _deliver(clerk, key, CREATED) == [204]

    response = await clerk.get(ME, headers=_signed_in())

    assert response.json()["display_name"] == "Ada"
    assert await _people(session) == [(SIGNED_IN, "Ada", "Ada", "member")]


async def test_user_who_signed_in_first_gets_the_name(clerk: httpx2.AsyncClient, key: bytes) -> None:
    before = await clerk.get(ME, headers=_signed_in())

    await _deliver(clerk, key, CREATED)
    after = await clerk.get(ME, headers=_signed_in())

    assert before.json()["display_name"] == ""
    assert after.json()["display_name"] == "Ada"
    assert after.json()["id"] == before.json()["id"]


async def test_name_follows_clerk_until_the_person_chooses_another(clerk: httpx2.AsyncClient, key: bytes) -> None:
    await _deliver(clerk, key, CREATED, _user_event("user.updated", at=NOON + 1, first_name="Augusta"))
    followed = await clerk.get(ME, headers=_signed_in())
    await clerk.patch(ME, headers=_signed_in(), json={"display_name": "Countess"})

    await clerk.send(_message(key, _user_event("user.updated", at=NOON + 2, first_name="Byron"), identifier="msg_9"))
    chosen = await clerk.get(ME, headers=_signed_in())

    assert followed.json()["display_name"] == "Augusta"
    assert chosen.json()["display_name"] == "Countess"


@pytest.mark.parametrize(
    ("profile", "name"),
    [
        ({"first_name": "Émilie", "last_name": "du Châtelet"}, "Émilie du Châtelet"),
        ({"first_name": None, "last_name": "Noether"}, "Noether"),
        ({"first_name": " ", "username": "emmy"}, "emmy"),
        ({"first_name": None}, ""),
        ({"first_name": "A\x00d\na", "username": "x"}, "Ada"),
        ({"first_name": None, "username": "a\x00b"}, "ab"),
        ({"first_name": "x" * 500}, "x" * 200),
    ],
)
async def test_name_is_made_of_what_clerk_knows(
    clerk: httpx2.AsyncClient, key: bytes, session: AsyncSession, profile: Mapping[str, object], name: str
) -> None:
    assert await _deliver(clerk, key, _user_event("user.created", **dict(profile))) == [204]  # type: ignore[arg-type] # any of them

    assert await _people(session) == [(SIGNED_IN, name, name, "member")]


async def test_message_has_its_effect_once(clerk: httpx2.AsyncClient, key: bytes, session: AsyncSession) -> None:
    later = _user_event("user.updated", at=NOON + 1, first_name="Augusta")

    first = await clerk.send(_message(key, CREATED))
    again = await clerk.send(_message(key, later))

    assert (first.status_code, again.status_code) == (204, 204)
    assert await _people(session) == [(SIGNED_IN, "Ada", "Ada", "member")]


@pytest.mark.parametrize("at", [NOON - 1, NOON], ids=["older", "of the same moment"])
async def test_message_that_is_not_newer_changes_nothing(
    clerk: httpx2.AsyncClient, key: bytes, session: AsyncSession, at: int
) -> None:
    late = _user_event("user.updated", at=at, first_name="Augusta")

    assert await _deliver(clerk, key, CREATED, late) == [204, 204]

    assert await _people(session) == [(SIGNED_IN, "Ada", "Ada", "member")]


async def test_deleted_user_stays_out_though_the_token_is_valid(
    clerk: httpx2.AsyncClient, key: bytes, session: AsyncSession
) -> None:
    await clerk.get(ME, headers=_signed_in())
    await clerk.patch(ME, headers=_signed_in(), json={"display_name": "Countess"})

    await _deliver(clerk, key, CREATED, DELETED)
    response = await clerk.get(ME, headers=_signed_in())

    assert response.status_code == 403
    assert response.json()["code"] == "blocked"
    assert await _people(session) == [(SIGNED_IN, "", "", "blocked")]


async def test_deleted_user_who_was_never_here_is_not_made_by_a_token(
    clerk: httpx2.AsyncClient, key: bytes, session: AsyncSession
) -> None:
    await _deliver(clerk, key, DELETED)

    response = await clerk.get(ME, headers=_signed_in())

    assert response.status_code == 403
    assert await _people(session) == [(SIGNED_IN, "", "", "blocked")]


@pytest.mark.parametrize("at", [NOON, NOON + 2 * DAY], ids=["older", "newer"])
@pytest.mark.parametrize("kind", ["user.created", "user.updated"])
async def test_nothing_revives_a_deleted_user(
    clerk: httpx2.AsyncClient, key: bytes, session: AsyncSession, kind: str, at: int
) -> None:
    assert await _deliver(clerk, key, DELETED, _user_event(kind, at=at)) == [204, 204]

    assert await _people(session) == [(SIGNED_IN, "", "", "blocked")]


async def test_clerk_does_not_decide_about_roles(clerk: httpx2.AsyncClient, key: bytes, session: AsyncSession) -> None:
    await _deliver(clerk, key, CREATED)
    await session.execute(text("UPDATE users SET role = 'blocked'"))

    await clerk.send(_message(key, _user_event("user.updated", at=NOON + 1), identifier="msg_9"))

    assert await _people(session) == [(SIGNED_IN, "Ada", "Ada", "blocked")]


@pytest.mark.parametrize("kind", ["session.created", "user.promoted", "organization.created", ""])
async def test_event_of_another_kind_means_nothing(
    clerk: httpx2.AsyncClient, key: bytes, session: AsyncSession, kind: str
) -> None:
    assert await _deliver(clerk, key, {"type": kind, "data": []}) == [204]

    assert await _people(session) == []
    assert await session.scalar(select(func.count()).select_from(ClerkMessage)) == 0


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(b"{", id="broken"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff", id="not UTF-8"),
        pytest.param(b"[" * 100_000, id="nested without end"),
        pytest.param([], id="a list"),
        pytest.param({"type": 1}, id="type a number"),
        pytest.param({"type": "user.created"}, id="nobody"),
        pytest.param(_user_event("user.created", id="mch_1"), id="a machine"),
        pytest.param(_user_event("user.created", id="user_1\x00"), id="an id with NUL"),
        pytest.param(_user_event("user.created", id="user_1\n"), id="an id with a line feed"),
        pytest.param(_user_event("user.created", at=-1), id="before 1970"),
        pytest.param(_user_event("user.created", at=2**63), id="a time without end"),
        pytest.param(_user_event("user.created", updated_at=None), id="no time"),
        pytest.param(rb'{"type":"user.deleted","data":{"id":"user_\ud800"}}', id="half a character"),
        pytest.param({"type": "user.deleted", "data": {}}, id="nobody deleted"),
    ],
)
async def test_signed_message_that_cannot_be_read_is_400(
    clerk: httpx2.AsyncClient, key: bytes, session: AsyncSession, event: object
) -> None:
    response = await clerk.send(_message(key, event))

    assert response.status_code == 400
    assert response.json()["code"] == "webhook_refused"
    assert await _people(session) == []


ODD_HEADERS: Final[dict[str, tuple[str, bytes | None]]] = {
    "id absent": ("svix-id", None),
    "id changed": ("svix-id", b"msg_2"),
    "timestamp absent": ("svix-timestamp", None),
    "timestamp changed": ("svix-timestamp", str(int(time.time()) - 7).encode()),
    "timestamp no number": ("svix-timestamp", b"now"),
    "signature absent": ("svix-signature", None),
    "signature empty": ("svix-signature", b""),
    "signature without a comma": ("svix-signature", b"v1"),
    "signature not ASCII": ("svix-signature", b"v1,\xff"),
    "signature no base64": ("svix-signature", b"v1,!!!"),
    "signature of another": ("svix-signature", b"v1,AAAA"),
}


@pytest.mark.parametrize("odd", ODD_HEADERS)
async def test_message_with_odd_headers_is_400(
    clerk: httpx2.AsyncClient, key: bytes, session: AsyncSession, odd: str
) -> None:
    message = _message(key, CREATED)
    name, value = ODD_HEADERS[odd]
    headers = [(sent, content) for sent, content in message.headers.raw if sent.decode() != name]
    added = [] if value is None else [(name.encode(), value)]

    response = await clerk.post(HOOK, content=message.content, headers=headers + added)

    assert response.status_code == 400
    assert response.json()["code"] == "webhook_refused"
    assert await _people(session) == []


async def test_message_with_another_body_is_400(clerk: httpx2.AsyncClient, key: bytes) -> None:
    message = _message(key, CREATED)

    response = await clerk.post(HOOK, content=json.dumps(DELETED), headers=message.headers)

    assert response.status_code == 400


@pytest.mark.parametrize(("seconds", "status"), [(-310, 400), (-280, 204), (280, 204), (310, 400)])
async def test_message_is_accepted_for_five_minutes(
    clerk: httpx2.AsyncClient, key: bytes, seconds: int, status: int
) -> None:
    response = await clerk.send(_message(key, CREATED, sent_at=time.time() + seconds))

    assert response.status_code == status


async def test_message_of_another_secret_is_400(clerk: httpx2.AsyncClient) -> None:
    response = await clerk.send(_message(b"another secret, of 31 characters", CREATED))

    assert response.status_code == 400


async def test_both_secrets_count_while_one_replaces_the_other(settings: Settings, database: Database) -> None:
    old, new = b"visibly fake, the old one", b"visibly fake, the new one"
    secrets = ",".join("whsec_" + b64encode(secret).decode() for secret in (old, new))
    both = ClerkSettings.model_validate({"clerk_webhook_secret": secrets}).clerk_webhook_secret
    rotating = settings.model_copy(update={"clerk_webhook_secret": both})

    async with open_client(create_app(rotating, database=database)) as client:
        statuses = [
            (await client.send(_message(secret, CREATED, identifier=f"msg_{number}"))).status_code
            for number, secret in enumerate([old, new])
        ]

    assert statuses == [204, 204]


async def test_without_a_secret_no_message_is_accepted(settings: Settings, database: Database) -> None:
    unset = settings.model_copy(update={"clerk_webhook_secret": []})

    async with open_client(create_app(unset, database=database)) as client:
        response = await client.send(_message(b"", CREATED))

    assert response.status_code == 400


async def test_body_that_is_too_large_is_413(clerk: httpx2.AsyncClient, key: bytes) -> None:
    response = await clerk.send(_message(key, b" " * 131_073))

    assert response.status_code == 413


async def test_failed_signatures_are_limited_per_address(settings: Settings, database: Database, key: bytes) -> None:
    strict = settings.model_copy(update={"rate_limit_sign_in": "3/hour"})

    async with open_client(create_app(strict, database=database)) as client:
        genuine = await client.send(_message(key, CREATED))
        statuses = [(await client.send(_message(b"wrong", CREATED))).status_code for _ in range(4)]

    assert genuine.status_code == 204
    assert statuses == [400, 400, 400, 429]


async def test_ten_deliveries_of_one_message_at_once_have_one_effect(
    start: Start, committing_database: Database, key: bytes
) -> None:
    async with start(committing_database) as client:
        answers = await asyncio.gather(*(client.send(_message(key, CREATED)) for _ in range(10)))

    assert {answer.status_code for answer in answers} == {204}
    async with committing_database.session() as session:
        assert await _people(session) == [(SIGNED_IN, "Ada", "Ada", "member")]
        assert await session.scalar(select(func.count()).select_from(ClerkMessage)) == 1


@pytest.mark.parametrize("attempt", range(3))
async def test_newest_of_ten_messages_at_once_wins(
    start: Start, committing_database: Database, key: bytes, attempt: int
) -> None:
    order = [(number * 7 + attempt) % 10 for number in range(10)]
    events = [_user_event("user.updated", at=NOON + number, first_name=f"Ada {number}") for number in order]

    async with start(committing_database) as client:
        messages = [_message(key, event, identifier=f"msg_{number}") for number, event in enumerate(events)]
        answers = await asyncio.gather(*(client.send(message) for message in messages))

    assert {answer.status_code for answer in answers} == {204}
    async with committing_database.session() as session:
        assert await _people(session) == [(SIGNED_IN, "Ada 9", "Ada 9", "member")]


async def test_deletion_wins_over_a_change_that_was_under_way(
    start: Start, committing_database: Database, key: bytes
) -> None:
    """The deletion reads the user, waits for the change, and must then see its name."""
    async with start(committing_database) as client:
        await client.get(ME, headers=_signed_in())
        async with committing_database.session() as session:
            user = (await session.scalars(select(User))).one()
            await session.execute(insert(ClerkUser).values(user_id=user.id, changed_at=NOON))
            await session.flush()
            deletion = asyncio.create_task(client.send(_message(key, DELETED)))
            await _waits_for_a_lock(committing_database)
            user.display_name = user.provider_name = "Ada"
        assert (await deletion).status_code == 204

    async with committing_database.session() as session:
        assert await _people(session) == [(SIGNED_IN, "", "", "blocked")]


async def _waits_for_a_lock(database: Database) -> None:
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    async with asyncio.timeout(30):
        while not await database.reader.run(lambda connection: connection.scalar(waiting)):  # noqa: ASYNC110 - PostgreSQL sets no event
            await asyncio.sleep(0.01)


async def test_failure_leaves_the_message_to_be_delivered_again(
    start: Start, committing_database: Database, key: bytes
) -> None:
    async with start(committing_database) as client:
        async with committing_database.session() as session:
            await session.execute(text("ALTER TABLE clerk_users RENAME TO clerk_users_away"))
        failed = await client.send(_message(key, CREATED))
        async with committing_database.session() as session:
            await session.execute(text("ALTER TABLE clerk_users_away RENAME TO clerk_users"))
        again = await client.send(_message(key, CREATED))

    assert failed.status_code == 500
    assert again.status_code == 204
    async with committing_database.session() as session:
        assert await _people(session) == [(SIGNED_IN, "Ada", "Ada", "member")]


async def test_old_messages_are_forgotten_a_few_at_a_time(
    clerk: httpx2.AsyncClient, key: bytes, session: AsyncSession
) -> None:
    ages = {f"old_{number}": "8 days" for number in range(25)} | {"young": "6 days"}
    for identifier, age in ages.items():
        statement = text(
            "INSERT INTO clerk_messages (id, received_at) VALUES (:id, now() - CAST(:age AS text)::interval)"
        )
        await session.execute(statement, {"id": identifier, "age": age})

    await _deliver(clerk, key, CREATED)
    once = await session.scalar(select(func.count()).select_from(ClerkMessage))
    await clerk.send(_message(key, CREATED, identifier="msg_9"))

    remembered = (await session.scalars(select(ClerkMessage.id).order_by(ClerkMessage.id))).all()
    assert once == 5 + 2
    assert remembered == ["msg_0", "msg_9", "young"]
