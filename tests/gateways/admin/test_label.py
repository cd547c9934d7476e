import pytest
from django.urls import reverse
from django.utils import timezone

from gateways.models import AuditEntry, Label
from tests.factories import API_KEY, LabelFactory
from tests.gateways.admin.conftest import errors_of, filled_in

CANARY = "canary-of-a-secret"
LIST = reverse("admin:gateways_label_changelist")
ADD = reverse("admin:gateways_label_add")


def page(label: Label) -> str:
    return reverse("admin:gateways_label_change", args=[label.pk])


def save(client, label: Label, **changes):
    answer = client.post(page(label), filled_in(client, page(label), **changes))
    label.refresh_from_db()
    return answer


def test_a_label_is_added(operator):
    answer = operator.post(ADD, filled_in(operator, ADD, slug="amazing", name="Amazing"))
    assert errors_of(answer) == {}
    assert len(Label.objects.get().callback_statuses) == 8


def test_the_whole_form_is_saved_in_its_normal_form(operator):
    label = LabelFactory()
    answer = save(
        operator,
        label,
        allowed_ips="203.0.113.7\n203.0.113.0/24",
        new_callback_url=f"https://api.smartico.ai/{CANARY}",
        new_callback_api_key=CANARY,
        callback_hosts="API.smartico.ai\n*.smartico.ai",
        callback_statuses=["clicked", "delivered"],
        preview_domains="Amazing.co",
        filter_properties="country\nmarket",
        strip_prefix="am:",
        bodies_days="7",
    )
    assert errors_of(answer) == {}
    assert label.allowed_ips == ["203.0.113.7/32", "203.0.113.0/24"]
    assert label.callback_url.reveal() == f"https://api.smartico.ai/{CANARY}"
    assert label.callback_api_key.reveal() == CANARY
    assert label.callback_hosts == ["api.smartico.ai", "*.smartico.ai"]
    assert sorted(label.callback_statuses) == ["clicked", "delivered"]
    assert label.preview_domains == ["amazing.co"]
    assert label.filter_properties == ["country", "market"]
    assert (label.user_ids, label.retention) == ({"strip_prefix": "am:"}, {"bodies_days": 7})


def test_saved_secrets_are_on_no_page_and_not_in_the_history(operator):
    label = LabelFactory()
    answer = save(operator, label, new_callback_api_key=CANARY)
    history = reverse("admin:gateways_label_history", args=[label.pk])
    shown = [answer, *(operator.get(url) for url in (LIST, page(label), history))]
    assert not [each for each in shown if CANARY in each.content.decode()]
    assert AuditEntry.objects.get().changes == {"callback_api_key": "changed"}


def test_what_is_left_empty_or_not_on_the_page_stays_as_it_is(operator):
    label = LabelFactory(required_headers={"X-A": "b"}, alerts={"webhook": "https://x.example"})
    assert errors_of(save(operator, label, name="Another")) == {}
    assert label.callback_api_key.reveal() == API_KEY
    assert label.required_headers.reveal() == {"X-A": "b"}
    assert "required_headers, alerts" in operator.get(page(label)).content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("allowed_ips", "203.0.113.0/24\n300.1.1.1"),
        ("callback_hosts", "ftp://x.example"),
        ("new_callback_url", "https://elsewhere.example/"),
        ("callback_statuses", ["sent"]),
        ("preview_domains", "nobody@amazing.co"),
        ("filter_properties", "a\nb\nc"),
        ("bodies_days", "0"),
    ],
)
def test_a_mistake_is_told_at_its_field(operator, field, value):
    assert set(errors_of(save(operator, LabelFactory(), **{field: value}))) == {field}


def test_a_kept_callback_url_must_still_be_on_the_list(operator):
    label = LabelFactory(callback_url="https://api.smartico.ai/x")
    typed = {"callback_hosts": "other.example", "new_callback_api_key": CANARY}
    assert set(errors_of(save(operator, label, **typed))) == {"new_callback_url"}


def test_a_kept_api_key_is_not_given_to_hosts_that_it_was_not_saved_for(operator):
    label = LabelFactory(callback_hosts=["api.smartico.ai", "api2.smartico.ai"])
    for hosts in ("api.smartico.ai\nevil.example", "evil.example", "*.smartico.ai"):
        answer = save(operator, label, callback_hosts=hosts)
        assert set(errors_of(answer)) == {"new_callback_api_key"}, hosts
    assert errors_of(save(operator, label, callback_hosts="api.smartico.ai")) == {}
    typed = {"callback_hosts": "*.smartico.ai", "new_callback_api_key": CANARY}
    assert errors_of(save(operator, label, **typed)) == {}
    assert (label.callback_hosts, label.callback_api_key.reveal()) == (["*.smartico.ai"], CANARY)


def test_suspended_callbacks_are_shown_and_resumed(operator):
    label = LabelFactory(callbacks_suspended_at=timezone.now(), callbacks_suspended_because="401 x")
    assert "401 x" in operator.get(page(label)).content.decode()
    act = {"_selected_action": [label.pk], "action": "resume_callbacks"}
    asked = operator.post(LIST, act)
    assert "Labels whose callbacks go on: 1." in asked.content.decode()
    assert not AuditEntry.objects.exists()
    operator.post(LIST, {**act, "confirmed": "yes"})
    operator.post(LIST, {**act, "confirmed": "yes"})
    label.refresh_from_db()
    assert (label.callbacks_suspended_at, label.callbacks_suspended_because) == (None, "")
    assert [entry.changes for entry in AuditEntry.objects.all()] == [{"callbacks": "resumed"}]
