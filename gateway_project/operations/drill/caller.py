"""Smartico's side of the drill that posts: what it has not been answered it posts again."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

import aiohttp

from gateway_project.lib.protocol import ErrorCode
from gateway_project.operations.drill.provider import BOUNCE, REFUSE

REQUEST_SECONDS = 15.0
AGAIN_SECONDS = 0.3
TWICE_AT_ONCE = 0.05
"""The share of messages that are posted by two at the same moment."""
NOT_NOW = (ErrorCode.UNAVAILABLE, ErrorCode.INTERNAL, ErrorCode.RATE_LIMITED)

LEAVER = "drill-leaver"
"""The user who is erased while messages wait for it."""
USERS = 20

KINDS: Mapping[str, tuple[float, str, str]] = {
    "sms": (0.52, "sms", ""),
    "viber": (0.26, "viber", ""),
    "refused": (0.05, "sms", REFUSE),
    "bounced": (0.05, "sms", BOUNCE),
    "late": (0.05, "whatsapp", ""),
    "held": (0.04, "rcs", ""),
    "erased": (0.03, "rcs", ""),
}
"""What is posted: its share, its path, and the word in its text that the provider heeds."""


class Caller:
    """Posts messages, each with a uid of its own, until each was answered once with 0."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        url: str,
        authorization: str,
        callback_url: str,
        dice: random.Random,
    ) -> None:
        self._session, self._url = session, url
        self._callback_url = callback_url
        self._headers = {"Authorization": authorization}
        self._dice = dice
        self._posting: set[asyncio.Task[None]] = set()
        self.posted = 0
        self.answered: dict[str, set[str]] = {}
        """By uid the ids that were answered: one, or something is wrong."""
        self.refused: Counter[str] = Counter()
        self.broken = 0
        """Tries without an answer, or with "not now"."""

    @property
    def is_waiting(self) -> bool:
        return bool(self._posting)

    async def post_for_ever(self, per_second: float) -> None:
        """Begins a message every now and then, evenly on the whole."""
        while True:
            self.begin()
            await asyncio.sleep(self._dice.uniform(0.4, 1.6) / per_second)

    def begin(self) -> None:
        """Has one more message posted."""
        kinds = list(KINDS)
        kind = self._dice.choices(kinds, [KINDS[each][0] for each in kinds])[0]
        self.posted += 1
        uid = f"drill-{self.posted}"
        for _ in range(2 if self._dice.random() < TWICE_AT_ONCE else 1):
            task = asyncio.create_task(self._post(kind, uid))
            self._posting.add(task)
            task.add_done_callback(self._posting.discard)

    async def is_erased(self, url: str, key: str) -> bool:
        """Erases a user, as its platform; False where that has to be tried again."""
        try:
            async with self._session.delete(url, headers={"Authorization": key}) as answer:
                return answer.status == 204
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    def stop(self) -> None:
        for task in self._posting:
            task.cancel()

    async def _post(self, kind: str, uid: str) -> None:
        _, path, word = KINDS[kind]
        number = int(uid.partition("-")[2])
        body = {
            "ext_user_id": LEAVER if kind == "erased" else f"drill-user-{number % USERS}",
            "im_uid": uid,
            "from_number": "Drill",
            "body": f"{uid} {word}".strip(),
            "callback_url": self._callback_url,
        }
        while not await self._is_answered(f"{self._url}/api/v1/{path}", uid, body):
            self.broken += 1
            await asyncio.sleep(AGAIN_SECONDS)

    async def _is_answered(self, url: str, uid: str, body: Mapping[str, Any]) -> bool:
        try:
            async with self._session.post(url, json=body, headers=self._headers) as response:
                answer = await response.json()
                code, status = answer["error_code"], response.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, TypeError):
            return False
        if status == 200 and code in NOT_NOW:
            return False
        if status == 200 and code == 0:
            self.answered.setdefault(uid, set()).add(answer["ext_message_id"])
        else:
            self.refused[f"HTTP {status}, error_code {code}"] += 1
        return True
