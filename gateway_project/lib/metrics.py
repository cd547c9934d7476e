"""What is counted for the operations, by the standard client of Prometheus.

Label values come from the configuration and from fixed lists: no id, no text, nobody's data.
"""

from prometheus_client import Counter, Histogram

AT_ONCE = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
"""Bounds in seconds of what somebody waits for."""
IN_A_WHILE = (0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0)
"""Of what has a queue before it."""

REQUESTS = Counter(
    "gatehouse_requests",
    "Requests of the send APIs, by the error_code of their answers: 0 is accepted.",
    ["label", "channel", "error_code"],
)

ACCEPT_SECONDS = Histogram(
    "gatehouse_accept_seconds",
    "How long accepted requests of the send APIs took.",
    ["label", "channel"],
    buckets=AT_ONCE,
)

SEND_ATTEMPTS = Counter(
    "gatehouse_send_attempts",
    "Tries to send a message through a gateway, by what came of them.",
    ["label", "gateway", "channel", "outcome"],
)

SEND_SECONDS = Histogram(
    "gatehouse_send_seconds",
    "From our acceptance of a message to its provider's.",
    ["label", "gateway", "channel"],
    buckets=IN_A_WHILE,
)

PROVIDER_SECONDS = Histogram(
    "gatehouse_provider_seconds",
    "How long a provider that was called took, whatever it answered.",
    ["label", "gateway"],
    buckets=(*AT_ONCE, 10.0, 20.0, 30.0, 60.0),
)

STATUSES = Counter(
    "gatehouse_statuses",
    "Statuses learnt, by the gateway that the message went through.",
    ["label", "gateway", "channel", "status"],
)

CALLBACK_ATTEMPTS = Counter(
    "gatehouse_callback_attempts",
    "Tries to tell Smartico a status, by what came of them.",
    ["label", "outcome"],
)

CALLBACK_SECONDS = Histogram(
    "gatehouse_callback_seconds",
    "From when a status was owed to Smartico's acknowledgement.",
    ["label"],
    buckets=IN_A_WHILE,
)

TURNED_AWAY = Counter(
    "gatehouse_turned_away",
    "Requests that were told to come again before anybody looked at them, or while somebody did.",
    ["reason"],
)

LEAKS_STOPPED = Counter(
    "gatehouse_leaks_stopped",
    "Texts that held the address they were about, and left without it.",
    ["where"],
)

ALERTS_TOLD = Counter(
    "gatehouse_alerts_told",
    "Tries to tell a label's people that they are needed, or are not any more.",
    ["label", "way", "outcome"],
)

BREAKERS_OPENED = Counter(
    "gatehouse_breakers_opened",
    "Gateways that were left alone since their provider did not answer.",
    ["provider"],
)

WEBHOOKS_REFUSED = Counter(
    "gatehouse_webhooks_refused",
    "Webhooks whose sender did not prove itself.",
    ["provider"],
)
