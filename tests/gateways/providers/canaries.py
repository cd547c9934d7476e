"""What may show nowhere, and where it would be seen."""

MESSAGE_ID = "01981f7a-0000-7000-8000-000000000001"
EMAIL = "canary@mailbox.example"
PHONE = "+4915112345678"
CANARY = "canary-of-a-secret-that-nobody-may-see"
WEBHOOK_URL = "https://gateway.example/callbacks/webhooks/token"
STATUS_URL = "https://gateway.example/callbacks/status/token"
PUBLIC_URL = "https://gateway.example"
