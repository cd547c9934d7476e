"""Whether those who want to hear of opt-outs are told."""

import pytest

from gateways.models import Label
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
