"""An account with a template for WhatsApp, whose webhooks carry no credentials of their own."""

from tests.gateways.providers.canaries import CANARY

CONFIG = {
    "base_url": "https://xxxxx.api.infobip.com",
    "api_key": CANARY,
    "track_clicks": False,
    "text_window": "never",
    "template": "smartico_message",
    "template_language": "en",
}
