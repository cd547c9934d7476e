"""Accept: from a checked request of a known caller to a durable message, or a refusal."""

from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError

from gateway_project.lib import bulk
from gateway_project.lib.journal import also_about, step
from gateway_project.lib.protocol import ErrorCode, Refused
from gateways.callers import Caller
from gateways.values import TemplateValues
from messages_app.inserting import New, insert
from messages_app.lifetimes import lifetime
from messages_app.models import Message
from messages_app.planning import Plan, make_plan
from messages_app.repeats import Identity, earlier_id, identity_of
from messages_app.requests import SendRequest


def accept(caller: Caller, request: SendRequest, template: TemplateValues | None) -> UUID:
    """Writes the message and answers its id; a repeat of the same request is answered the same.

    Raises Refused. A refusal burns nothing: the uid may come again.
    """
    identity = identity_of(request, template)
    try:
        plan = make_plan(caller, request, template)
        message = message_of(caller, request, template, plan, identity)
        return write(message, lifetime(plan.gateway, request.channel))
    except Refused:
        # Accepted once, accepted again, even if the user or the gateway has gone since.
        earlier = earlier_id(caller, request, identity)
        if earlier is None:
            raise
        return earlier


def write(message: Message, may_wait: timedelta) -> UUID:
    """The insert itself decides about repeats. Raises Refused where the row may not be."""
    try:
        is_new = insert(New(message, may_wait))
    except IntegrityError:  # the user was erased a moment ago
        is_new = False
    if not is_new:
        raise Refused(ErrorCode.USER_NOT_FOUND)
    also_about(message.pk)
    step(message.pk, "accepted for gateway %s", message.gateway_id)
    return message.pk


def message_of(
    caller: Caller,
    request: SendRequest,
    template: TemplateValues | None,
    plan: Plan,
    identity: Identity,
) -> Message:
    """What is to be written; its times are the database's."""
    return bulk.new(
        Message,
        label_id=caller.label.id,
        brand_id=plan.brand_id,
        gateway_id=plan.gateway.id,
        template_id=template.id if template else None,
        end_user_id=plan.user.pk if plan.user else None,
        channel=request.channel,
        uid=request.uid,
        repeat_key=identity.repeat_key,
        fingerprint=identity.fingerprint,
        activity_type=request.activity_type,
        content=request.content,
        callback_url=plan.callback_url,
        preview_address=request.preview_address,
        notes=plan.notes,
        chosen_because=plan.chosen_because,
    )
