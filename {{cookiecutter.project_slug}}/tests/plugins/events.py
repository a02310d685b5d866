"""Every notification that a test causes is held to `contracts/events.yaml`, so that a test of behaviour is a test of that contract too."""

import json

import pytest
from service_devkit.fixtures.events import check_event

from app.db.notify import Notification
from app.live.hub import AMONG_PROCESSES, message_of


@pytest.fixture(autouse=True)
def promised_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not in the contract fails the test that sends it."""
    text = Notification.text

    def checked(notification: Notification) -> str:
        if notification.type not in AMONG_PROCESSES:
            check_event(json.loads(message_of(notification)))
        return text(notification)

    monkeypatch.setattr(Notification, "text", checked)
