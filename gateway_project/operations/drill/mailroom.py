"""The drill's mail server: takes every mail (RFC 5321), and writes down that it was sent."""

import asyncio
from contextlib import suppress
from email import message_from_bytes

from gateway_project.operations.drill.sends import SendLedger

HOST = "127.0.0.1"
OK, GO_ON, BYE = b"250 OK\r\n", b"354 Go on\r\n", b"221 Bye\r\n"


class Mailroom:
    """Its mails are known by the first word of their subject."""

    def __init__(self, ledger: SendLedger) -> None:
        self._ledger = ledger

    async def open(self, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._serve, HOST, port, backlog=512)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            writer.write(b"220 drill\r\n")
            while line := await reader.readline():
                verb = line.split()[0].upper() if line.split() else b""
                if verb == b"DATA":
                    writer.write(GO_ON)
                    self._take(await reader.readuntil(b"\r\n.\r\n"))
                writer.write(BYE if verb == b"QUIT" else OK)
                await writer.drain()
                if verb == b"QUIT":
                    break
        writer.close()

    def _take(self, mail: bytes) -> None:
        self._ledger.send(str(message_from_bytes(mail)["Subject"]).split()[0], None)
