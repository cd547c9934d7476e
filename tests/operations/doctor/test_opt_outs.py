"""Whether those who want to hear of opt-outs are told."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from gateway_project.operations.doctor.examination import examine
from gateways.models import Label
from messages_app.models import Relay
from tests.factories import LabelFactory
from tests.operations.doctor.conftest import of_label

WEBHOOK = {
    "opt_out_webhook_url": "https://hooks.amazing.co/canary",
    "opt_out_webhook_secrets": ["whsec_Y2FuYXJ5"],
}
EVENTS = {
    "tells_smartico_opt_outs": True,
    "smartico_events_url": "https://api.smartico.ai/canary",
    "smartico_events_token": "canary",
}


@pytest.mark.parametrize(
    ("who", "key", "settings"),
    [("The platform", "platform", WEBHOOK), ("Smartico", "smartico", EVENTS)],
)
def test_one_who_is_told_no_more_is_a_problem_and_one_who_wants_nothing_is_none(
    label, who, key, settings
):
    name = f"Opt-outs: {who}"
    assert of_label(label, name).state == "grey"

    row = Label.objects.get(pk=label.pk)
    for column, value in settings.items():
        setattr(row, column, value)
    row.save()
    assert of_label(label, name).state == "green"

    Label.objects.update(opt_outs_suspended={key: "HTTP 410"})
    finding = of_label(label, name)
    assert (finding.state, "HTTP 410" in finding.text) == ("red", True)
    assert finding.what_to_do
    assert "canary" not in finding.text


def owed(label, *, who: str = "platform", outcome: str = "", ago: timedelta) -> Relay:
    then = timezone.now() - ago
    return Relay.objects.create(
        label=label,
        listener=who,
        kind="opt_out",
        outcome=outcome,
        detail="HTTP 503",
        due_at=then,
        created_at=then,
        settled_at=then if outcome else None,
    )


def test_what_one_of_them_did_not_take_is_told_with_its_list(label, admin_client: Client):
    row = Label.objects.get(pk=label.pk)
    for column, value in WEBHOOK.items():
        setattr(row, column, value)
    row.save()
    refused = owed(label, outcome="failed", ago=timedelta(hours=3))
    late = owed(label, ago=timedelta(days=2))
    owed(label, outcome="taken", ago=timedelta(hours=3))
    owed(LabelFactory(), outcome="failed", ago=timedelta(hours=3))
    elsewhere = owed(label, who="smartico", outcome="failed", ago=timedelta(hours=3))

    lines = [each for each in examine(row).findings if each.name == "Opt-outs: The platform"]

    assert [each.state for each in lines] == ["yellow", "red"]
    assert lines[0].text == "1 not taken, the latest 3 hours ago: HTTP 503"
    for line, shown in zip(lines, (refused, late), strict=True):
        assert list(admin_client.get(line.listed).context["cl"].result_list) == [shown]
    note, rest = [each for each in examine(row).findings if each.name == "Opt-outs: Smartico"]
    assert (note.state, rest.state) == ("grey", "yellow")
    assert list(admin_client.get(rest.listed).context["cl"].result_list) == [elsewhere]
