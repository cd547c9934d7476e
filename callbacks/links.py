"""What a person did with a mail: links of ours tell it, and it is recorded like a report."""

from gateway_project.lib.identifiers import read_id
from gateway_project.lib.vocabulary import Status
from gateways import configuration
from gateways.providers.base import StatusUpdate
from messages_app.models import Message
from messages_app.reports import apply_to_gateway


def record_deed(message_id: str, status: Status) -> bool:
    """Records the status of that message. False where the message is not kept any more: nothing
    is suppressed then.
    """
    own_id = read_id(message_id)
    if own_id is None:
        return False
    kept = Message.objects.filter(pk=own_id).values_list("gateway_id", flat=True).first()
    gateway = None if kept is None else configuration.current().gateways.get(kept)
    if gateway is None:
        return False
    return bool(apply_to_gateway(gateway, [StatusUpdate(status=status, message_id=str(own_id))]))
