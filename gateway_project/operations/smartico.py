"""Smartico, played: what it posts, and the server on which it is told the statuses.

Source: "Secured Messaging Gateways (Email/SMS/IM)". HTTP only; nothing here knows the gateway's
inside, so that it can be pointed at any gateway.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web

EXTENSION = {
    "title": "Microsoft is raising",
    "description": "The bullish trend...",
    "action": "BUY",
    "instrument": "MSFT",
}
EMAIL = {
    "from_email_address": "Amazing <noreply@amazing.co>",
    "reply_to_email_address": "Amazing <noreply@amazing.co>",
    "subject": "The best offer you can find on the market",
    "body": "<html><body><p>Best offer ever</p></body></html>",
    "text_body": "Best offer ever",
}
INSTANT = {"from_number": "Amazing", "body": "Best offer ever"}
CUSTOM = {"from_number": None, "body": "Best offer ever", "extension": EXTENSION}
PREVIEW = {**EMAIL, "activity_type": "preview", "to_email_address": "test@amazing.co"}

ANSWER = '{\n  "error_code": 0,\n}\n'
"""As the document shows it, trailing comma included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of request: where it is posted, what it holds, and how its statuses are told."""

    path: str
    uid: str
    type: str
    content: Mapping[str, Any] = field(repr=False)


KINDS: dict[str, Kind] = {
    "email": Kind(path="email", uid="email_uid", type="email", content=EMAIL),
    "sms": Kind(path="sms", uid="im_uid", type="sms", content=INSTANT),
    "viber": Kind(path="viber", uid="im_uid", type="sms", content=INSTANT),
    "whatsapp": Kind(path="whatsapp", uid="im_uid", type="sms", content=INSTANT),
    "rcs": Kind(path="rcs", uid="im_uid", type="sms", content=INSTANT),
    "custom_im": Kind(path="custom-im", uid="im_uid", type="cim", content=CUSTOM),
    "preview": Kind(path="email", uid="email_uid", type="email", content=PREVIEW),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One status that Smartico was told."""

    type: str
    ext_message_id: str
    status: str
    api_key: str = field(repr=False)
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The answer to one request; `error_code` is None where the protocol was broken."""

    kind: str
    error_code: int | None
    ext_message_id: str
    error_message: str
    seconds: float
    at: float


class Receiver:
    """Smartico's status endpoint: a real HTTP server that acknowledges everything."""

    def __init__(self, on_told: Callable[[Told], None]) -> None:
        self._on_told = on_told
        application = web.Application()
        application.router.add_get("/callback", self._take)
        self._runner = web.AppRunner(application, access_log=None)

    async def start(self, port: int, host: str = "127.0.0.1") -> None:
        """Listens; raises OSError where the port is taken."""
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        told = Told(
            at=time.monotonic(),
            **{
                name: request.query.get(name, "")
                for name in ("type", "ext_message_id", "status", "api_key")
            },
        )
        self._on_told(told)
        return web.Response(text=ANSWER, content_type="application/json")


class Sender:
    """Posts requests as Smartico does."""

    def __init__(
        self, session: aiohttp.ClientSession, *, url: str, authorization: str, callback_url: str
    ) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._headers = {"Authorization": authorization}
        self._callback_url = callback_url

    async def post(self, kind: str, ext_user_id: str) -> Answered:
        """One request with a uid of its own."""
        began = time.monotonic()
        try:
            answer = await self._answer(KINDS[kind], ext_user_id)
        except (aiohttp.ClientError, TimeoutError, TypeError, ValueError) as error:
            answer = {"error_message": type(error).__name__}
        at = time.monotonic()
        return Answered(
            kind=kind,
            error_code=answer.get("error_code"),
            ext_message_id=str(answer.get("ext_message_id", "")),
            error_message=str(answer.get("error_message", "")),
            seconds=at - began,
            at=at,
        )

    async def _answer(self, kind: Kind, ext_user_id: str) -> dict[str, Any]:
        body = {
            "ext_user_id": ext_user_id,
            **kind.content,
            kind.uid: uuid4().hex,
            "callback_url": self._callback_url,
        }
        url = f"{self._url}/api/v1/{kind.path}"
        async with self._session.post(url, json=body, headers=self._headers) as response:
            if response.status != 200:
                raise ValueError
            answer = await response.json()
        if not isinstance(answer, dict):
            raise TypeError
        return answer
