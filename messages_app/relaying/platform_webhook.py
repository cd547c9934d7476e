"""The platform's own webhook, signed by the Standard Webhooks scheme.

Source: the specification of Standard Webhooks (standardwebhooks.com), and its own library.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from standardwebhooks import Webhook

from gateway_project.lib.http import HttpCall
from gateway_project.lib.sentinel import passed
from messages_app.models import RelayKind
from messages_app.relaying.notices import Notice

TYPES: Mapping[str, str] = {
    RelayKind.OPT_OUT: "suppression.created",
    RelayKind.OPT_IN: "suppression.lifted",
}
WHERE = "webhook"
"""In the metric of stopped leaks."""
TIMEOUT_SECONDS = 15.0
READ_CAP = 16 * 1024


def webhook_call(
    url: str, secrets: Iterable[str], *, id: str, kind: str, notice: Notice, now: datetime
) -> HttpCall:
    """The request. Each of the secrets signs it, the newest first. `id` is the same for each try.

    Its body is `{"type", "timestamp", "data": {"channel", "reason", "ext_user_ids", "unnamed"}}`.
    `timestamp` in the body is when it happened, the one in the headers when it leaves.
    """
    body = passed(_body(kind, notice), WHERE, *notice.addresses)
    signatures = [Webhook(secret).sign(id, now, body) for secret in secrets]
    return HttpCall(
        method="POST",
        url=url,
        headers={
            "Content-Type": "application/json",
            "webhook-id": id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        },
        body=body.encode(),
        timeout=TIMEOUT_SECONDS,
        read_cap=READ_CAP,
    )


def _body(kind: str, notice: Notice) -> str:
    return json.dumps(
        {
            "type": TYPES[kind],
            "timestamp": notice.happened_at,
            "data": {
                "channel": notice.channel,
                "reason": notice.reason,
                "ext_user_ids": notice.ext_user_ids,
                "unnamed": notice.unnamed,
            },
        },
        ensure_ascii=False,
    )
