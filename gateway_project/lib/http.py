"""The one door out: outgoing HTTP as values, and the client that performs it.

Adapters say what to call (`HttpCall`) and what an answer means (`HttpAnswer`); the calling itself
(kept connections, timeouts, the egress guard, no redirects, a cap on what is read) is done here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway_project.lib.personal import REDACTED


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """One request. The URL is sent as it stands; `timeout` is seconds for the whole exchange."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    timeout: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """One answer, whatever its status; `headers` have lower-case names, `body` is cut at the cap."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    is_cut: bool = False

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class TransportError(Exception):
    """No answer. `str()` is a short cause without URL, address or secret."""


class NotSent(TransportError):
    """Nothing of the request was written: no name, no connection, no TLS."""


class EgressRefused(NotSent):
    """The address is inside the house, or none that the guard lets out to."""


class NoAnswer(TransportError):
    """The request may have been read, but no whole answer came back."""


__all__ = ["REDACTED", "EgressRefused", "HttpAnswer", "HttpCall", "NoAnswer", "NotSent", "TransportError"]
