"""`manage.py doctor`."""

import pytest
from django.core.management import CommandError, call_command

from gateway_project.operations.pulse import Pulse
from gateways.models import Label
from tests.factories import API_KEY, LabelFactory


@pytest.fixture
def sound(house, settings):
    """A house with nothing red in it."""
    settings.PUBLIC_URL = "https://gateway.example.com"
    worker, scheduler = Pulse("worker"), Pulse("scheduler")
    worker._name, scheduler._name = "worker", "scheduler"
    worker.beat()
    scheduler.beat()
    return house


def test_it_passes_where_nothing_is_red(sound, capsys):
    call_command("doctor")
    told = capsys.readouterr().out
    assert "No problem was found." in told
    assert sound.label.name in told
    assert API_KEY not in told
    assert sound.user.email.reveal() not in told


def test_it_fails_where_something_is_red(sound):
    Label.objects.update(callback_hosts=[])
    with pytest.raises(CommandError, match="problems"):
        call_command("doctor")


def test_it_can_be_told_to_call_nobody(sound, peer):
    call_command("doctor", "--no-calls")
    assert peer.asked == []


def test_it_can_be_told_to_look_at_one_label(sound, capsys):
    other = LabelFactory(callback_hosts=[])
    call_command("doctor", "--label", sound.label.slug)
    assert other.name not in capsys.readouterr().out


def test_a_label_that_is_not_there_is_told(sound):
    with pytest.raises(CommandError, match="no label nowhere"):
        call_command("doctor", "--label", "nowhere")


def test_names_are_no_markup(sound, capsys):
    Label.objects.update(name="[red]Best[/red]")
    call_command("doctor", "--no-calls")
    assert "[red]Best[/red]" in capsys.readouterr().out
