"""A project; there are no webhooks."""

from tests.gateways.providers.canaries import CANARY

CONFIG = {
    "secret_key": CANARY,
    "project_id": "project-1",
    "list_unsubscribe": False,
}
