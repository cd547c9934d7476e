"""Smartico's side of the drill that posts: what it has not been answered it posts again."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from gateway_project.lib.protocol import ErrorCode
from gateway_project.operations.drill.provider import BOUNCE, REFUSE

REQUEST_SECONDS = 15.0
AGAIN_SECONDS = (0.3, 0.6, 1.2, 2.0)
"""After each try; the last again and again."""
MOST_WAITING = 60
"""No new message is begun while so many wait for their answer: the machine has no time for them."""
TWICE_AT_ONCE = 0.05
"""The share of messages that are posted by two at the same moment."""
NOT_NOW = (ErrorCode.UNAVAILABLE, ErrorCode.INTERNAL, ErrorCode.RATE_LIMITED)

LEAVER = "drill-leaver"
"""The user who is erased while messages wait for it."""
USERS = 20
FIRST, SECOND = "first", "second"
"""The labels."""
SENDER = "noreply@drill.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is posted: its share, its path, the word in its text that the provider heeds, and the
    label."""

    share: float
    path: str
    word: str = ""
    label: str = FIRST


KINDS: Mapping[str, Kind] = {
    "sms": Kind(share=0.40, path="sms"),
    "viber": Kind(share=0.16, path="viber"),
    "refused": Kind(share=0.05, path="sms", word=REFUSE),
    "bounced": Kind(share=0.05, path="sms", word=BOUNCE),
    "late": Kind(share=0.04, path="whatsapp"),
    "held": Kind(share=0.03, path="rcs"),
    "erased": Kind(share=0.03, path="rcs"),
    "together": Kind(share=0.14, path="viber", label=SECOND),
    "refused among others": Kind(share=0.02, path="viber", word=REFUSE, label=SECOND),
    "bounced among others": Kind(share=0.02, path="viber", word=BOUNCE, label=SECOND),
    "mail": Kind(share=0.06, path="email", label=SECOND),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """As whom a label's messages are posted, and where its statuses are to be told."""

    authorization: str = field(repr=False)
    callback_url: str


class Caller:
    """Posts messages, each with a uid of its own, until each was answered once with 0."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        url: str,
        tenants: Mapping[str, Tenant],
        dice: random.Random,
    ) -> None:
        self._session, self._url, self._tenants, self._dice = session, url, tenants, dice
        self._posting: set[asyncio.Task[None]] = set()
        self.posted = 0
        self.answered: dict[str, set[str]] = {}
        """By uid the ids that were answered: one, or something is wrong."""
        self.refused: Counter[str] = Counter()
        self.broken = 0
        """Tries without an answer, or with "not now"."""
        self.in_the_air = 0
        """Posts that wait for their answer at this moment."""

    @property
    def is_waiting(self) -> bool:
        return bool(self._posting)

    async def post_for_ever(self, per_second: float) -> None:
        """Begins a message every now and then, evenly on the whole."""
        while True:
            if len(self._posting) < MOST_WAITING:
                self.begin()
            await asyncio.sleep(self._dice.uniform(0.4, 1.6) / per_second)

    def begin(self) -> None:
        """Has one more message posted."""
        kinds = list(KINDS)
        kind = self._dice.choices(kinds, [KINDS[each].share for each in kinds])[0]
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

    async def is_answered(self, url: str) -> bool:
        """Whether somebody is there."""
        try:
            async with self._session.get(url) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    async def _post(self, name: str, uid: str) -> None:
        kind = KINDS[name]
        tenant = self._tenants[kind.label]
        number = int(uid.partition("-")[2])
        text = f"{uid} {kind.word}".strip()
        is_mail = kind.path == "email"
        body = {
            "ext_user_id": LEAVER if name == "erased" else f"drill-user-{number % USERS}",
            "callback_url": tenant.callback_url,
            **(_mail(uid, text) if is_mail else _instant(uid, text)),
        }
        headers = {"Authorization": tenant.authorization}
        waits = iter(AGAIN_SECONDS)
        while not await self._is_taken(f"{self._url}/api/v1/{kind.path}", uid, body, headers):
            self.broken += 1
            await asyncio.sleep(next(waits, AGAIN_SECONDS[-1]))

    async def _is_taken(
        self, url: str, uid: str, body: Mapping[str, Any], headers: Mapping[str, str]
    ) -> bool:
        self.in_the_air += 1
        try:
            async with self._session.post(url, json=body, headers=headers) as response:
                answer = await response.json()
                code, status = answer["error_code"], response.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, TypeError):
            return False
        finally:
            self.in_the_air -= 1
        if status == 200 and code in NOT_NOW:
            return False
        if status == 200 and code == 0:
            self.answered.setdefault(uid, set()).add(answer["ext_message_id"])
        else:
            self.refused[f"HTTP {status}, error_code {code}"] += 1
        return True


def _instant(uid: str, text: str) -> dict[str, str]:
    return {"im_uid": uid, "from_number": "Drill", "body": text}


def _mail(uid: str, text: str) -> dict[str, str]:
    return {
        "email_uid": uid,
        "from_email_address": SENDER,
        "reply_to_email_address": SENDER,
        "subject": text,
        "text_body": text,
    }
