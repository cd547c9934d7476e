"""A web server as it is run, in front of a house in which every secret thing is a canary."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway_project.lib.vocabulary import Channel, KeyKind
from gateway_project.operations.processes import Processes, manage
from tests.canaries.birds import (
    API_KEY,
    PLATFORM_KEY,
    SMARTICO_KEY,
    STATUS_KEY,
    address,
    telephone,
)
from tests.canaries.sightings import sightings
from tests.factories import (
    CALLBACK_URL,
    EndUserFactory,
    GatewayFactory,
    KeyFactory,
    LabelFactory,
    TemplateFactory,
    TemplateFieldFactory,
)
from tests.operations.surroundings import (
    children,
    database_url,
    descendants,
    environment,
    free_port,
    is_ready,
    wait_until,
)

SEED = int(os.environ.get("FUZZ_SEED", "1"))
REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "3000"))
USER = "somebody"
NO_LIMIT = 1_000_000


@dataclass
class Fuzzed:
    """The server under test, its webhook's token, and all that it has said."""

    port: int
    token: str
    log: Path
    answers: set[str]

    def memory(self) -> int:
        """Of all its processes, in KB."""
        serve = children(os.getpid())["serve"]
        return sum(_resident(pid) for pid in (serve, *descendants(serve)))

    def assert_nothing_is_told(self) -> None:
        assert not sightings("\n".join(self.answers), "answers to strangers")
        log = self.log.read_text()
        assert not sightings(log, "the log")
        faults = [line[:2_000] for line in log.splitlines() if "Traceback" in line]
        assert not faults, faults[0]


def _resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


@contextlib.contextmanager
def fuzzed(data_dir: Path) -> Iterator[Fuzzed]:
    token = _furnish()
    port, log = free_port(), data_dir / "serve.log"
    surroundings = environment(data_dir, port, DATABASE_URL=database_url(), LOG_LEVEL="INFO")
    processes = Processes({"serve": manage("serve")}, surroundings, log)
    processes.start()
    try:
        wait_until(lambda: is_ready(port) or processes.ended())
        yield Fuzzed(port=port, token=token, log=log, answers=set())
        assert not processes.ended(), "it has ended"
        assert is_ready(port)
    finally:
        processes.stop()


def _furnish() -> str:
    """The token of one of the gateways."""
    label = LabelFactory(callback_url=CALLBACK_URL, callback_api_key=API_KEY.spelled)
    kinds = {
        KeyKind.SMARTICO: SMARTICO_KEY,
        KeyKind.PLATFORM: PLATFORM_KEY,
        KeyKind.STATUS: STATUS_KEY,
    }
    for kind, bird in kinds.items():
        KeyFactory(label=label, kind=kind, secret=bird.spelled, rate_per_second=NO_LIMIT)
    gateways = [GatewayFactory(label=label, channel=channel) for channel in Channel]
    template = TemplateFactory(label=label, slug="im")
    TemplateFieldFactory(template=template, name="title")
    EndUserFactory(label=label, ext_user_id=USER, email=address(1), phone=telephone(1))
    return gateways[0].token.reveal()
