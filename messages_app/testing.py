"""Test sends: one message, by hand, through one gateway, whatever routing says."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from gateway_project.lib.transactions import writing
from gateway_project.lib.vocabulary import Channel
from gateways import configuration
from gateways.auditing import record
from gateways.callers import Caller
from gateways.models import Action, Gateway
from messages_app.accepting import message_of, write
from messages_app.planning import make_test_plan
from messages_app.repeats import identity_of
from messages_app.requests import read_request

LIFETIME = timedelta(minutes=10)
"""Who waits for a test looks; later it would surprise."""


def send_test(gateway: Gateway, body: Mapping[str, Any], template_slug: str, actor: Any) -> UUID:
    """Queues what is asked for in `body`, a request as Smartico's; answers its id. Raises Refused.

    It is tried once, at this gateway, be it active, paused or not yet in use. Smartico is told
    nothing of it.
    """
    values = configuration.current_with(gateway)
    caller = Caller(label=values.labels[gateway.label_id], brand_id=None)
    request = read_request(Channel(gateway.channel), body)
    template = caller.label.templates.get(template_slug)
    plan = make_test_plan(caller, values.gateways[gateway.pk], request, template)
    message = message_of(caller, request, template, plan, identity_of(request, template))
    message.is_test = True
    with writing():
        write(message, LIFETIME)
        record(actor, Action.TESTED, gateway, changes={"message": str(message.pk)})
    return message.pk
