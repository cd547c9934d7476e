"""What is counted for the operations, by the standard client of Prometheus.

Label values come from fixed lists: no id, no text, nobody's data.
"""

from prometheus_client import Counter

LEAKS_STOPPED = Counter(
    "gatehouse_leaks_stopped",
    "Texts that held the address they were about, and left without it.",
    ["where"],
)

BREAKERS_OPENED = Counter(
    "gatehouse_breakers_opened",
    "Gateways that were left alone since their provider did not answer.",
    ["provider"],
)
