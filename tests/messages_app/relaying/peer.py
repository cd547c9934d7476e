"""An eSputnik that refuses what a test tells it to."""

import json
from typing import Any

from gateway_project.lib.draining import run
from messages_app.models import Relay
from tests.peers import Answer, Asked

PLATFORM_SECRET = "the-secret-of-the-platform"


class ESputnikPeer:
    """Takes everything, but with 400 what holds the text `poison`, or answers `instead`."""

    def __init__(self) -> None:
        self.poison = ""
        self.instead: Answer | None = None

    def __call__(self, asked: Asked) -> Answer:
        if self.instead is not None:
            return self.instead
        if self.poison and self.poison in asked.body.decode():
            return Answer(400, f"cannot take {self.poison}")
        return Answer(200, {"results": {"status": "OK"}})


def relay(gateway: Any) -> int:
    return run("relay", str(gateway.pk), linger=0)


def bodies(peer: Any, path: str) -> list[Any]:
    return [json.loads(asked.body) for asked in peer.asked if asked.path == f"/v1/{path}"]


def standing(**which: Any) -> list[tuple[str, str]]:
    return list(Relay.objects.filter(**which).order_by("pk").values_list("kind", "outcome"))
