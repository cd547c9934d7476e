"""Accept: from a checked request of a known caller to a durable message, or a refusal."""

from functools import partial
from uuid import UUID

from django.db import IntegrityError, transaction

from gateway_project.lib.clock import moment
from gateway_project.lib.journal import also_about, step
from gateway_project.lib.kicks import kick
from gateway_project.lib.protocol import ErrorCode, Refused
from gateway_project.lib.transactions import writing
from gateways.callers import Caller
from gateways.values import TemplateValues
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
        return write(message_of(caller, request, template, plan, identity))
    except Refused:
        # Accepted once, accepted again, even if the user or the gateway has gone since.
        earlier = earlier_id(caller, request, identity)
        if earlier is None:
            raise
        return earlier


def write(message: Message) -> UUID:
    """The insert itself decides about repeats. Raises Refused where the row may not be."""
    also_about(message.pk)
    try:
        with writing():
            message.save(force_insert=True)
            transaction.on_commit(partial(kick, "send", str(message.gateway_id)))
    except IntegrityError:  # the uid is taken, or the user was erased a moment ago
        raise Refused(ErrorCode.USER_NOT_FOUND) from None
    step(message.pk, "accepted for gateway %s", message.gateway_id)
    return message.pk


def message_of(
    caller: Caller,
    request: SendRequest,
    template: TemplateValues | None,
    plan: Plan,
    identity: Identity,
) -> Message:
    now = moment()
    return Message(
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
        created_at=now,
        due_at=now,
        expires_at=now + lifetime(plan.gateway, request.channel),
    )
