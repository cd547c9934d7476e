"""Opt-outs as `update_profile` events of Smartico's REST API.

Source: Smartico's help pages, "Opt-out & Communication Statuses" and "User markers". Not verified
there, and so on the safe side here: what Smartico answers is judged by the HTTP status alone; a
flag is set and never cleared, since the platform may have set it for a reason of its own; a
channel that has no flag of the platform's is not told. The flag of SMS closes Viber as well.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from gateway_project.lib.http import HttpCall
from gateway_project.lib.sentinel import passed
from gateway_project.lib.vocabulary import Channel
from messages_app.relaying.notices import Notice

FLAGS: Mapping[str, str] = {
    Channel.EMAIL: "core_is_email_disabled_by_platform",
    Channel.SMS: "core_is_sms_disabled_by_platform",
}
WHERE = "smartico_event"
"""In the metric of stopped leaks."""
TIMEOUT_SECONDS = 15.0
READ_CAP = 16 * 1024


def profile_call(url: str, token: str, *, id: UUID, notice: Notice, prefix: str) -> HttpCall:
    """The request: an event for each user who has the address. Their `eid` stay the same at each
    try. `prefix` is what Smartico puts before the platform's own ids."""
    events = [_event(id, notice, each, prefix) for each in notice.ext_user_ids]
    body = passed(json.dumps(events, ensure_ascii=False), WHERE, *notice.addresses)
    return HttpCall(
        method="POST",
        url=url,
        headers={"Content-Type": "application/json", "Authorization": token},
        body=body.encode(),
        timeout=TIMEOUT_SECONDS,
        read_cap=READ_CAP,
    )


def _event(id: UUID, notice: Notice, ext_user_id: str, prefix: str) -> dict[str, Any]:
    """The brand's slug is taken for Smartico's `ext_brand_id`; left out where there is none."""
    brand = notice.brands.get(ext_user_id)
    return {
        "eid": str(uuid5(id, ext_user_id)),
        "event_date": round(datetime.fromisoformat(notice.happened_at).timestamp() * 1000),
        **({"ext_brand_id": brand} if brand else {}),
        "user_ext_id": f"{prefix}{ext_user_id}",
        "event_type": "update_profile",
        "payload": {FLAGS[notice.channel]: True},
    }
