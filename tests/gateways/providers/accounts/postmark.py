"""A server whose webhooks show no password."""

from tests.gateways.providers.canaries import CANARY

CONFIG = {
    "server_token": CANARY,
    "list_unsubscribe": False,
}
