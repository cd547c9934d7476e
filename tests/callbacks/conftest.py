"""A label whose Smartico is a real HTTP server on loopback."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from callbacks.models import CallbackDelivery
from gateway_project.lib.draining import run
from messages_app.models import Message
from tests.factories import LabelFactory, MessageFactory
from tests.peers import Answer, Asked, HttpPeer, http_peer

OK = Answer(body='{\n  "error_code": 0,\n}')
PATH = "/canary-path/cb?canary=callback-url"


class Smartico:
    """The peer, and a label that reports to it."""

    def __init__(self, peer: HttpPeer) -> None:
        self.peer = peer
        self.answers: dict[str, Answer | Callable[[Asked], Answer]] = {}
        self.label = LabelFactory(callback_hosts=[peer.url])
        self.key = f"{self.label.pk}/{peer.url}"
        peer.respond = self._respond

    def _respond(self, asked: Asked) -> Answer:
        answer = self.answers.get(asked.query["status"], self.answers.get("any", OK))
        return answer(asked) if callable(answer) else answer

    @property
    def told(self) -> list[str]:
        """The statuses it was told, in the order of their coming."""
        return [asked.query["status"] for asked in self.peer.asked]

    def message(self, **values: Any) -> Message:
        known = {"label": self.label, "callback_url": self.peer.url + PATH}
        return MessageFactory(**{**known, **values})

    def owe(self, *statuses: str, message: Message | None = None, **values: Any) -> Any:
        """Deliveries of one message, due; the only one or a list of them."""
        message = message or self.message()
        now = timezone.now()
        rows = [
            CallbackDelivery.objects.create(
                **{
                    "message": message,
                    "label": self.label,
                    "host": self.peer.url,
                    "status": status,
                    "due_at": now - timedelta(seconds=1),
                    "created_at": now - timedelta(seconds=2),
                    **values,
                }
            )
            for status in statuses
        ]
        return rows[0] if len(rows) == 1 else rows

    def report(self) -> int:
        """Drains the lane; answers how many tries were made."""
        return run("report", self.key, linger=0.0)


@pytest.fixture
def smartico(db: None) -> Iterator[Smartico]:
    with http_peer() as peer:
        yield Smartico(peer)
