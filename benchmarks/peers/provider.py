"""The provider: `python -m benchmarks.peers.provider PORT`.

Takes whatever it is sent. On `/slow` it answers after 50 ms, on `/reporting` it reports each
message as delivered. As Kannel's own protocol goes: `/kannel`, and `/kannel-reporting`.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable
from urllib.parse import parse_qsl, urlsplit

from benchmarks.peers.ledger import Ledger
from benchmarks.peers.wire import Caller, Request, serve

SLOW_SECONDS = 0.05
DELIVERED = b"1"


class Provider:
    def __init__(self) -> None:
        self.ledger, self.caller = Ledger(), Caller()

    def answer(self, request: Request) -> bytes | Awaitable[bytes]:
        path = request.target.partition("?")[0]
        if path.startswith("/kannel"):
            return self._take_kannels(request, reports=path.endswith("reporting"))
        told = self.ledger.answer(path)
        return told if told is not None else self._take(path, json.loads(request.body))

    def _take(self, path: str, told: dict[str, str]) -> bytes | Awaitable[bytes]:
        reference = told["ref"]
        self.ledger.take(reference)
        if path == "/reporting":
            report = {"ref": reference, "status": "delivered"}
            self.caller.post(told["reports_to"], json.dumps(report).encode())
        answer = json.dumps({"id": f"p-{reference}"}).encode()
        return self._later(answer) if path == "/slow" else answer

    async def _later(self, answer: bytes) -> bytes:
        await asyncio.sleep(SLOW_SECONDS)
        return answer

    def _take_kannels(self, request: Request, *, reports: bool) -> bytes:
        told = dict(parse_qsl(urlsplit(request.target).query))
        self.ledger.take(told["text"])
        if reports:
            self.caller.get(told["dlr-url"].replace("%d", "1"))
        return b"0: Accepted for delivery"


if __name__ == "__main__":

    async def main() -> None:
        await serve(int(sys.argv[1]), Provider().answer)

    asyncio.run(main())
