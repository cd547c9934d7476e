"""A mail server with a password."""

from tests.gateways.providers.canaries import CANARY

CONFIG = {
    "host": "mail.example",
    "port": 587,
    "security": "starttls",
    "username": "amazing",
    "password": CANARY,
    "list_unsubscribe": False,
    "track_opens": False,
    "track_clicks": False,
    "imap_security": "tls",
    "imap_folder": "INBOX",
    "imap_done": "move",
}
