"""Kannel, Debian's SMS gateway in C: configured as one that keeps what it takes on the disk."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from benchmarks import loading
from benchmarks.bench import Bench
from benchmarks.draining import wait_until_quiet
from benchmarks.posting import WARM_UP_SECONDS
from benchmarks.services import Service, free_port, running
from benchmarks.trial import Figures
from benchmarks.usage import Usage

DOES_LESS = (
    "it is C that knows no user, looks nothing up, keeps no history and does not wait for the "
    "disk; most of what ours takes is Python that checks, routes, seals and writes"
)
"""Why it is faster, where it is."""

BOXES = ("bearerbox", "smsbox")
CONFIGURATION = Path(__file__).with_name("kannel.conf")
CUT = 64
"""More than the requests that are under way when the load ends."""
SECRET = "bench"  # noqa: S105  of a server on loopback that lives for a minute


def missing(bench: Bench) -> str:
    found = all(shutil.which(box) for box in BOXES)
    return "" if found else "Kannel is not installed (Debian: apt-get install kannel)"


@contextmanager
def kannel(bench: Bench, path: str) -> Iterator["Kannel"]:
    """Both boxes at work, sending to the provider's path."""
    with TemporaryDirectory(dir=bench.directory) as directory:
        server = Kannel(bench, Path(directory), path)
        with running(server.bearerbox(), server.smsbox()) as services:
            server.services = services
            yield server


class Kannel:
    services: tuple[Service, ...] = ()

    def __init__(self, bench: Bench, directory: Path, path: str) -> None:
        self._bench, self._log = bench, directory / "log"
        self._ports = {name: free_port() for name in ("admin", "box", "reports", "sendsms")}
        self._file = directory / "kannel.conf"
        (directory / "spool").mkdir()
        told = {**self._ports, "provider": f"{bench.outside.provider_url}{path}", "secret": SECRET}
        self._file.write_text(CONFIGURATION.read_text().format(**told, spool=directory / "spool"))

    def bearerbox(self) -> Service:
        return self._service("bearerbox", "box")

    def smsbox(self) -> Service:
        return self._service("smsbox", "sendsms")

    def _service(self, name: str, port: str) -> Service:
        command = [name, "-v", "4", str(self._file)]
        return Service(name, command, log=self._log, port=self._ports[port])

    def post(self, seconds: float, *, reports: bool) -> loading.Load:
        """Messages with texts of their own; with a report each where it is asked for."""
        path = f"/cgi-bin/sendsms?username={SECRET}&password={SECRET}&from=Amazing"
        if reports:
            path += "&dlr-mask=1"
        return loading.load(
            "kannel.lua",
            self._ports["sendsms"],
            (path, loading.prefix(), self._callback_url if reports else ""),
            seconds=seconds,
            connections=self._bench.connections,
        )

    @property
    def _callback_url(self) -> str:
        """Quoted, and without the id that comes behind it."""
        url = f"{self._bench.outside.smartico_url}/callback?status=%d&ext_message_id="
        return quote(url, safe="")


def accept(bench: Bench) -> Figures:
    """How fast it takes messages. It sends them meanwhile: it knows no other way."""
    with kannel(bench, "/kannel") as server:
        server.post(WARM_UP_SECONDS, reports=False)
        usage = Usage(*server.services)
        load = server.post(bench.seconds, reports=False)
        figures = usage.figures(load.requests)
        if load.errors:
            raise loading.Invalid(f"{load.errors} of {load.requests} requests failed")
        return {**load.figures, **figures}


def loop(bench: Bench) -> Figures:
    """From the first message until the last callback."""
    with kannel(bench, "/kannel-reporting") as server:
        server.post(WARM_UP_SECONDS, reports=True)
        wait_until_quiet(bench)
        bench.outside.forget()
        usage = Usage(*server.services)
        began = time.monotonic()
        load = server.post(bench.seconds, reports=True)
        ended = wait_until_quiet(bench)
        told = bench.outside.told()
        if load.errors or not load.requests <= told["different"] <= load.requests + CUT:
            raise loading.Invalid(f"{load} and {told['different']} callbacks")
        return {
            "rate": told["different"] / (ended - began),
            **usage.figures(told["different"]),
        }
