"""Smartico: `python -m benchmarks.peers.smartico PORT`. Acknowledges every status it is told."""

import asyncio
import sys
from urllib.parse import parse_qs, urlsplit

from benchmarks.peers.ledger import Ledger
from benchmarks.peers.wire import Request, serve

ACKNOWLEDGED = b'{"error_code": 0}'


class Smartico:
    def __init__(self) -> None:
        self.ledger = Ledger()

    def answer(self, request: Request) -> bytes:
        parts = urlsplit(request.target)
        told = self.ledger.answer(parts.path)
        if told is not None:
            return told
        self.ledger.take(parse_qs(parts.query)["ext_message_id"][0])
        return ACKNOWLEDGED


if __name__ == "__main__":

    async def main() -> None:
        await serve(int(sys.argv[1]), Smartico().answer)

    asyncio.run(main())
