"""The outside of a run: a provider and a Smartico, each a process of its own."""

import json
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from benchmarks.services import Service, free_port, python, running


class Outside:
    """Both are there from the entry on."""

    def __init__(self, directory: Path) -> None:
        self._log = directory / "outside.log"
        self._ports = {"provider": free_port(), "smartico": free_port()}

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        self._stack.enter_context(running(*(self._service(name) for name in self._ports)))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _service(self, name: str) -> Service:
        port = self._ports[name]
        command = python("-m", f"benchmarks.peers.{name}", str(port))
        return Service(name, command, log=self._log, port=port)

    @property
    def provider_url(self) -> str:
        return f"http://127.0.0.1:{self._ports['provider']}"

    @property
    def smartico_url(self) -> str:
        return f"http://127.0.0.1:{self._ports['smartico']}"

    def forget(self) -> None:
        for url in (self.provider_url, self.smartico_url):
            _ask(f"{url}/forget")

    def sent(self) -> dict[str, Any]:
        """What the provider has taken: `count`, `different`, `first_at`, `last_at`."""
        return _ask(f"{self.provider_url}/counts")

    def moments(self) -> dict[str, float]:
        """When each message reached the provider's socket."""
        return _ask(f"{self.provider_url}/moments")

    def told(self) -> dict[str, Any]:
        """What Smartico was told, as `sent`."""
        return _ask(f"{self.smartico_url}/counts")


def _ask(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310  our own process
        told: dict[str, Any] = json.loads(answer.read())
        return told
