"""Outgoing HTTP as values: what goes out, what comes back, and what happened when nothing did."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway_project.lib.lenient_json import check_depth

READ_CAP = 1024 * 1024


FRAMING_HEADERS = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that belong to the exchange itself: a call that sets one is not sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """One request. The URL is sent as it stands; `timeout` is seconds for the whole exchange.

    `read_cap` is the most bytes that are read of the answer's body, after decompression.
    `authority` are certificates in PEM: where there are any, the server's has to be signed by one
    of them, and those of the system do not count.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    timeout: float = 30.0
    read_cap: int = READ_CAP
    authority: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """One answer, whatever its status; header names are in lower case, `is_cut` at the read cap."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    is_cut: bool = False

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body read as JSON; a ValueError that quotes nothing where it cannot be."""
        try:
            text = self.body.decode("utf-8-sig")
            check_depth(text)
            return json.loads(text)
        except ValueError:
            pass
        raise ValueError("the answer is not JSON")


class TransportError(Exception):
    """No answer. `str()` is a short cause without URL, address or secret."""


class NotSent(TransportError):
    """Nothing of the request was written: no name, no connection, no TLS."""


class NotTrusted(NotSent):
    """The server's certificate is not one to trust."""


class EgressRefused(NotSent):
    """The address is inside the house, or none that the guard lets out to."""


class NoAnswer(TransportError):
    """The request may have been read, but no whole answer came back."""
