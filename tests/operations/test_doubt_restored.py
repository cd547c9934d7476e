"""The command that is run after a restore, before anything is sent."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from gateway_project.operations.pulse import Pulse
from gateways.models import AuditEntry
from messages_app.models import Message, Relay, RelayOutcome, SendAttempt, State
from messages_app.restoring import RESTORED
from tests.factories import GatewayFactory, LabelFactory, MessageFactory

pytestmark = pytest.mark.django_db


def run_command(*args: str) -> list[str]:
    out = StringIO()
    call_command("doubt_restored", *args, stdout=out)
    return out.getvalue().splitlines()


@pytest.fixture
def waiting():
    """By what becomes of each: a message that was queued or being sent, at its own gateway."""
    label = LabelFactory()
    webex = {"provider": "webex_connect", "label": label}
    gateways = {
        "heeded": GatewayFactory(label=label, provider="sandbox"),
        "parked": GatewayFactory(**webex),
        "repeated": GatewayFactory(**webex, on_unknown="repeat"),
        "failed": GatewayFactory(**webex, on_unknown="fail"),
    }
    made = {
        name: MessageFactory(gateway=gateway, label=label, state=State.QUEUED)
        for name, gateway in gateways.items()
    }
    made["in the air"] = MessageFactory(
        gateway=gateways["parked"], label=label, state=State.SENDING, lease_until=timezone.now()
    )
    made["done"] = MessageFactory(gateway=gateways["parked"], label=label, state=State.SENT)
    return made


def states(waiting) -> dict[str, str]:
    return {name: Message.objects.get(pk=message.pk).state for name, message in waiting.items()}


def test_what_may_have_been_sent_since_is_parked_unless_a_repeat_does_no_harm(waiting):
    told = run_command()
    assert told[0] == "5 messages waited when the backup was made"
    assert states(waiting) == {
        "heeded": "queued",
        "repeated": "queued",
        "parked": "unknown",
        "in the air": "unknown",
        "failed": "failed",
        "done": "sent",
    }
    assert set(SendAttempt.objects.values_list("detail", flat=True)) == {RESTORED}
    assert AuditEntry.objects.get().actor_name == "doubt_restored"


def test_a_dry_run_touches_nothing(waiting):
    before = states(waiting)
    assert run_command("--dry-run") == ["5 messages waited when the backup was made"]
    assert states(waiting) == before


def test_beside_a_worker_it_is_refused(waiting):
    Pulse("worker").beat()
    with pytest.raises(CommandError, match="stop it"):
        run_command()
    assert states(waiting)["parked"] == "queued"


def test_an_event_that_may_have_been_told_is_not_told_again(waiting):
    gateway = GatewayFactory(provider="esputnik")
    values = {"label": gateway.label, "gateway": gateway, "created_at": timezone.now()}
    for kind in ("event", "order"):
        Relay.objects.create(kind=kind, due_at=timezone.now(), **values)
    run_command()
    outcomes = dict(Relay.objects.values_list("kind", "outcome"))
    assert outcomes == {"event": RelayOutcome.UNKNOWN, "order": ""}
