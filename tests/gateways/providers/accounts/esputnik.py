"""An account that sends messages themselves, and Custom IM as events."""

from tests.gateways.providers.canaries import CANARY

CONFIG = {
    "base_url": "https://api.yespo.io/api",
    "api_key": CANARY,
    "mode": "message",
    "event_type_key": "smartico-message",
    "contact_key": "externalCustomerId",
    "push_opt_outs": True,
    "keep_contacts": True,
    "contact_fields": {"country": "15869"},
}
