"""Whom the gateway calls, but for providers: Smartico, the platform's webhook and its directory.
They have it all wrong now and then, and repeat whom it was about."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote

from tests.canaries.birds import CALLBACK_PATH, address, telephone
from tests.peers import Answer, Asked, HttpPeer, http_peer

SAID = f"could not tell {address(0)}, {telephone(0)}"
PLATFORM_PATH, SMARTICO_PATH = "/platform", "/smartico"
LIVES_ELSEWHERE = 80
"""The number of the one person whom the directory knows."""
DIRECTORY = {
    "known": Answer(
        body={
            "email": address(LIVES_ELSEWHERE),
            "phone": telephone(LIVES_ELSEWHERE),
            "properties": {"second_address": address(LIVES_ELSEWHERE)},
        }
    ),
    "odd": Answer(body={"email": [address(81)], "phone": {telephone(81): 1}, "brand": address(81)}),
    "broken": Answer(500, f"no {address(82)} in the table of {telephone(82)}"),
    "no-json": Answer(200, f"<html>{address(83)}"),
    "locked": Answer(401, {"error": f"{address(84)} may not"}),
    "away": Answer(302, headers={"Location": f"/{address(85)}"}),
}
"""By the id that is looked up, what is answered."""


@dataclass
class Listener:
    """Who is told of opt-outs: each the first time in vain."""

    told: set[bytes] = field(default_factory=set)

    def answer(self, asked: Asked) -> Answer:
        known, about = self.told.copy(), asked.path.encode() + asked.body
        self.told.add(about)
        return Answer() if about in known else Answer(500, SAID)


@dataclass(frozen=True, kw_only=True)
class Others:
    smartico: HttpPeer
    listener: HttpPeer
    directory: HttpPeer

    @property
    def looked_up(self) -> set[str]:
        """By id, in the directory."""
        return {each.path.rpartition("/")[2] for each in self.directory.asked}


def hear(asked: Asked) -> Answer:
    """Smartico, where a status is told to it."""
    if asked.query.get("status") == "failed":
        return Answer(500, f"{SAID} at {CALLBACK_PATH.spelled}")
    return Answer(body='{"error_code": 0,}')


def look_up(asked: Asked) -> Answer:
    name = unquote(asked.path.rpartition("/")[2])
    return DIRECTORY.get(name, Answer(404, f"no {name}, only {address(86)}"))


@contextmanager
def others() -> Iterator[Others]:
    with ExitStack() as stack:
        smartico, listener, directory = (
            stack.enter_context(http_peer(respond))
            for respond in (hear, Listener().answer, look_up)
        )
        yield Others(smartico=smartico, listener=listener, directory=directory)
