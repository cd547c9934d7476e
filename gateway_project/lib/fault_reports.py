"""Faults told to Sentry, where a DSN is set; elsewhere nothing is imported.

What is told is what is logged as an error: masked like the log, without requests, users, variables
of frames or anything else that nobody has looked at.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from gateway_project.lib import journal
from gateway_project.lib.http import HttpCall, http_client
from gateway_project.lib.logs import masked

PACKAGES = ("sentry_sdk",)
KEPT = ("event_id", "timestamp", "platform")
MASKED = ("level", "logger", "logentry", "message", "exception", "environment", "release")
"""Of an event; what else the client may gather stays here."""
SECONDS = 10.0


def begin(dsn: str, *, environment: str) -> None:
    """From now on this process tells. Raises ImportError where the client is not installed."""
    client, logs = import_module("sentry_sdk"), import_module("sentry_sdk.integrations.logging")
    client.init(
        dsn=dsn,
        environment=environment,
        transport=_transport(),
        before_send=scrubbed,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[logs.LoggingIntegration(level=None, event_level="ERROR")],
        include_local_variables=False,
        include_source_context=False,
        send_default_pii=False,
        max_breadcrumbs=0,
        max_request_body_size="never",
        send_client_reports=False,
        auto_session_tracking=False,
        server_name="",
    )


def scrubbed(event: Mapping[str, Any], _hint: Any = None) -> dict[str, Any]:
    """The event as it may leave, with the id of the message that it is about."""
    told = {name: event[name] for name in KEPT if name in event}
    told |= {name: masked(event[name]) for name in MASKED if name in event}
    if message_id := journal.named().get("message_id"):
        told["tags"] = {"message_id": message_id}
    return told


def _transport() -> Any:
    base = import_module("sentry_sdk.transport").Transport

    class Door(base):  # type: ignore[misc, valid-type]
        """Sends by the one door out, waits for nothing and repeats nothing."""

        def capture_envelope(self, envelope: Any) -> None:
            auth = self.parsed_dsn.to_auth("gatehouse")
            http_client().submit(
                HttpCall(
                    method="POST",
                    url=auth.get_api_url(),
                    headers={
                        "Content-Type": "application/x-sentry-envelope",
                        "X-Sentry-Auth": auth.to_header(),
                    },
                    body=envelope.serialize(),
                    timeout=SECONDS,
                )
            )

    return Door
