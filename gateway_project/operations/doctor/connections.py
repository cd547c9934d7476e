"""Connection checks of many gateways at once."""

import logging
import threading
from collections.abc import Mapping
from concurrent.futures import Future, wait

from gateways.connection import Finding, check
from gateways.providers.base import Provider

logger = logging.getLogger(__name__)

DEADLINE_SECONDS = 20.0


def check_all(
    providers: Mapping[int, Provider], *, seconds: float = DEADLINE_SECONDS
) -> dict[int, Finding]:
    """Checks all of them at once, and closes them. Who has not answered in time has failed."""
    late = Finding(is_connected=False, text=f"no answer within {seconds:.0f} seconds")
    begun = {name: _begun(provider) for name, provider in providers.items()}
    wait(begun.values(), timeout=seconds)
    return {name: future.result() if future.done() else late for name, future in begun.items()}


def _begun(provider: Provider) -> "Future[Finding]":
    """On a thread that nobody waits for when the process ends."""
    future: Future[Finding] = Future()

    def run() -> None:
        future.set_result(_checked(provider))
        provider.close()

    threading.Thread(target=run, name="connection-check", daemon=True).start()
    return future


def _checked(provider: Provider) -> Finding:
    try:
        return check(provider)
    except Exception as error:  # noqa: BLE001  one adapter's fault is a finding about it alone
        logger.error("%s: its connection check failed: %s", provider.slug, type(error).__name__)
        text = f"the check itself failed: {type(error).__name__}"
        return Finding(is_connected=False, text=text)
