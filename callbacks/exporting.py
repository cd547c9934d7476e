"""What the callbacks add to the export of an end user: what Smartico was told, and when."""

from typing import Any

from django.dispatch import receiver

from callbacks.models import CallbackDelivery
from users.models import EndUser
from users.signals import end_user_exported


@receiver(end_user_exported)
def told_about(sender: Any, end_user: EndUser, **kwargs: Any) -> dict[str, Any]:
    rows = CallbackDelivery.objects.filter(message__end_user=end_user).order_by("pk")
    return {
        "told_to_smartico": [
            {
                "ext_message_id": str(row.message_id),
                "status": row.status,
                "settlement": row.settlement,
                "at": row.settled_at.isoformat() if row.settled_at else None,
            }
            for row in rows
        ]
    }
