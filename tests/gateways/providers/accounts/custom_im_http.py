"""A notification centre with a header of its own."""

from tests.gateways.providers.canaries import CANARY

CONFIG = {
    "url": "https://centre.example/messages",
    "authorization": CANARY,
    "headers": {"X-Tenant": CANARY},
}
