"""An account whose webhooks show no password."""

from tests.gateways.providers.canaries import CANARY

CONFIG = {
    "api_key": CANARY,
    "secret_key": CANARY,
    "list_unsubscribe": False,
}
