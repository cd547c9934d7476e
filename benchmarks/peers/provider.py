"""The provider: `python -m benchmarks.peers.provider PORT`.

Takes whatever it is sent. On `/slow` it answers after 50 ms, on `/reporting` it reports each
message as delivered half a second later. `/kannel`, `/kannel-reporting` and `/apprise` take what
those send.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl, urlsplit

from benchmarks.peers.ledger import Ledger
from benchmarks.peers.wire import Caller, Request, serve

SLOW_SECONDS = 0.05
DELIVERED = "1"
REPORT_SECONDS = 0.5
"""Whoever is told sooner has not written down yet what it has sent, and Kannel then knows nothing
of the message."""


class Provider:
    def __init__(self) -> None:
        self.ledger, self.caller = Ledger(), Caller()

    def answer(self, request: Request) -> bytes | Awaitable[bytes]:
        path = request.target.partition("?")[0]
        if path.startswith("/kannel"):
            return self._take_kannels(request, reports=path.endswith("reporting"))
        if path == "/apprise":
            self.ledger.take(json.loads(request.body)["message"])
            return b"{}"
        told = self.ledger.answer(path)
        return told if told is not None else self._take(path, json.loads(request.body))

    def _take(self, path: str, told: dict[str, str]) -> bytes | Awaitable[bytes]:
        reference = told["ref"]
        self.ledger.take(reference)
        if path == "/reporting":
            report = {"ref": reference, "status": "delivered"}
            self._report(self.caller.post, told["reports_to"], json.dumps(report).encode())
        answer = json.dumps({"id": f"p-{reference}"}).encode()
        return self._later(answer) if path == "/slow" else answer

    def _report(self, call: Callable[..., None], *told: object) -> None:
        asyncio.get_running_loop().call_later(REPORT_SECONDS, call, *told)

    async def _later(self, answer: bytes) -> bytes:
        await asyncio.sleep(SLOW_SECONDS)
        return answer

    def _take_kannels(self, request: Request, *, reports: bool) -> bytes:
        told = dict(parse_qsl(urlsplit(request.target).query))
        self.ledger.take(told["text"])
        if reports:
            self._report(self.caller.get, told["dlr-url"].replace("%d", DELIVERED))
        return b"0: Accepted for delivery"


if __name__ == "__main__":

    async def main() -> None:
        await serve(int(sys.argv[1]), Provider().answer)

    asyncio.run(main())
