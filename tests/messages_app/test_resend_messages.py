"""The command that resends."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from gateway_project.lib.vocabulary import Channel
from gateways.models import AuditEntry
from messages_app.management.commands import resend_messages
from messages_app.models import Message, State
from tests.factories import MessageFactory
from tests.messages_app.house import House

pytestmark = pytest.mark.django_db


def run_command(*args: str) -> list[str]:
    out = StringIO()
    call_command("resend_messages", *args, stdout=out)
    return out.getvalue().splitlines()


@pytest.fixture
def failed(house: House) -> list[Message]:
    values = {"label": house.label, "end_user": house.user, "state": State.FAILED}
    gateway = house.gateways[Channel.SMS]
    return [MessageFactory(gateway=gateway, status="failed", **values) for _ in range(3)]


def test_it_says_how_many_first_and_a_dry_run_stops_there(failed):
    assert run_command("--dry-run") == ["3 messages to resend"]
    assert not Message.objects.filter(state=State.QUEUED).exists()
    assert run_command() == ["3 messages to resend", "3 messages are queued again"]
    assert Message.objects.filter(state=State.QUEUED).count() == 3


def test_it_is_written_down_with_the_number(failed):
    run_command()
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.action) == ("resend_messages", "resent")
    assert entry.changes == {"messages": "3"}


def test_one_message_is_written_down_by_its_id(failed):
    run_command("--message", str(failed[0].pk))
    assert AuditEntry.objects.get().subject_id == str(failed[0].pk)
    assert run_command("--dry-run") == ["2 messages to resend"]


def test_a_long_run_tells_how_far_it_is(failed, monkeypatch):
    monkeypatch.setattr(resend_messages, "LINES_BETWEEN", 2)
    assert run_command()[1] == "3 so far"


def test_the_conditions_narrow_the_choice(failed):
    tomorrow = f"{timezone.now() + timedelta(days=1):%Y-%m-%d}"
    assert run_command("--since", tomorrow) == [
        "0 messages to resend",
        "0 messages are queued again",
    ]
    assert run_command("--status", "rejected", "--dry-run") == ["0 messages to resend"]
    assert run_command("--until", tomorrow, "--label", failed[0].label.slug, "--dry-run") == [
        "3 messages to resend"
    ]


@pytest.mark.parametrize("args", [("--label", "nobody"), ("--status", "delivered")])
def test_a_wrong_option_is_an_error(args):
    with pytest.raises(CommandError):
        run_command(*args)
