import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from gateway_project.lib.fields import Ciphertext
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
        callback_rate_per_second="200",
        suppress_on=["complained"],
        preview_domains="Amazing.co",
        filter_properties="country\nmarket",
        strip_prefix="am:",
        bodies_days="7",
        receipt_hours="48",
        tells_missing_receipts="",
    )
    assert errors_of(answer) == {}
    assert label.allowed_ips == ["203.0.113.7/32", "203.0.113.0/24"]
    assert label.callback_url.reveal() == f"https://api.smartico.ai/{CANARY}"
    assert label.callback_api_key.reveal() == CANARY
    assert label.callback_hosts == ["api.smartico.ai", "*.smartico.ai"]
    assert sorted(label.callback_statuses) == ["clicked", "delivered"]
    assert label.callback_rate_per_second == 200
    assert label.suppress_on == ["complained"]
    assert label.preview_domains == ["amazing.co"]
    assert label.filter_properties == ["country", "market"]
    assert label.receipts == {"hours": 48, "report": False}
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
    assert label.alerts.reveal() == {"webhook": "https://x.example"}
    assert "required_headers" in operator.get(page(label)).content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("allowed_ips", "203.0.113.0/24\n300.1.1.1"),
        ("callback_hosts", "ftp://x.example"),
        ("new_callback_url", "https://elsewhere.example/"),
        ("callback_statuses", ["sent"]),
        ("callback_rate_per_second", "0"),
        ("preview_domains", "nobody@amazing.co"),
        ("filter_properties", "a\nb\nc"),
        ("bodies_days", "0"),
        ("receipt_hours", "0"),
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


def test_suspended_callbacks_are_shown_and_no_action_resumes_them_untried(operator):
    label = LabelFactory(callbacks_suspended_at=timezone.now(), callbacks_suspended_because="401 x")
    assert "401 x" in operator.get(page(label)).content.decode()
    assert "resume_callbacks" not in dict(
        operator.get(LIST).context["action_form"].fields["action"].choices
    )


def do_with(client, label: Label, action: str):
    act = {"_selected_action": [label.pk], "action": action, "confirmed": "yes"}
    answer = client.post(LIST, act)
    label.refresh_from_db()
    return answer


def test_a_webhook_secret_is_shown_once_and_the_one_of_before_signs_beside_it(operator):
    label = LabelFactory()
    shown = [do_with(operator, label, "renew_opt_out_secret") for _ in range(3)]
    kept = label.opt_out_webhook_secrets.reveal()
    assert len(kept) == 2
    for answer, secret in zip(shown[1:], kept[::-1], strict=True):
        assert secret in answer.content.decode()
    for secret in kept:
        assert secret not in operator.get(page(label)).content.decode()
        assert secret not in str(list(AuditEntry.objects.values_list("changes", flat=True)))

    do_with(operator, label, "end_old_opt_out_secret")
    assert label.opt_out_webhook_secrets.reveal() == kept[:1]
    assert AuditEntry.objects.count() == 4


def test_a_secret_is_made_for_one_label_at_a_time(operator):
    labels = [LabelFactory(), LabelFactory()]
    act = {"action": "renew_opt_out_secret", "confirmed": "yes"}
    operator.post(LIST, {**act, "_selected_action": [label.pk for label in labels]})
    assert not Label.objects.exclude(opt_out_webhook_secrets=None).exists()


def test_who_may_not_change_a_label_makes_no_secret(reader):
    label = LabelFactory()
    do_with(reader, label, "renew_opt_out_secret")
    assert label.opt_out_webhook_secrets is None


def test_a_webhook_needs_a_secret_first_and_can_be_taken_away(operator):
    label = LabelFactory()
    url = f"https://hooks.amazing.co/{CANARY}"
    answer = save(operator, label, new_opt_out_webhook_url=url)
    assert set(errors_of(answer)) == {"new_opt_out_webhook_url"}
    do_with(operator, label, "renew_opt_out_secret")
    assert errors_of(save(operator, label, new_opt_out_webhook_url=url)) == {}
    assert label.opt_out_webhook_url.reveal() == url
    assert CANARY not in operator.get(page(label)).content.decode()
    assert errors_of(save(operator, label, ends_opt_out_webhook="on")) == {}
    assert label.opt_out_webhook_url is None


@pytest.mark.parametrize("url", ["http://x.example/", "https://10.0.0.1/", "ftp://x", "x"])
def test_urls_that_are_not_called_are_refused(operator, url):
    label = LabelFactory(opt_out_webhook_secrets=["YQ=="])
    names = {"new_opt_out_webhook_url", "new_smartico_events_url"}
    assert set(errors_of(save(operator, label, **dict.fromkeys(names, url)))) == names


def test_smartico_is_told_only_with_all_it_needs_and_a_kept_token_goes_nowhere_else(operator):
    label = LabelFactory()
    whole = {
        "new_smartico_events_url": "https://api.smartico.ai/events",
        "new_smartico_events_token": CANARY,
    }
    answer = save(operator, label, tells_smartico_opt_outs="on")
    assert set(errors_of(answer)) == set(whole)
    assert errors_of(save(operator, label, tells_smartico_opt_outs="on", **whole)) == {}
    assert (label.tells_smartico_opt_outs, label.smartico_events_token.reveal()) == (True, CANARY)

    elsewhere = {"new_smartico_events_url": "https://evil.example/events"}
    assert set(errors_of(save(operator, label, **elsewhere))) == {"new_smartico_events_token"}
    beside = {"new_smartico_events_url": "https://api.smartico.ai/other"}
    assert errors_of(save(operator, label, **beside)) == {}


def test_suspended_opt_outs_are_shown_and_resumed(operator):
    label = LabelFactory(opt_outs_suspended={"platform": "HTTP 410"})
    assert "HTTP 410" in operator.get(page(label)).content.decode()
    do_with(operator, label, "resume_opt_outs")
    assert label.opt_outs_suspended == {}
    assert AuditEntry.objects.get().changes == {
        "opt_outs_suspended": [{"platform": "HTTP 410"}, {}]
    }


def as_stored() -> str:
    """The only label's alerts as the database holds them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT alerts FROM gateways_label")
        return cursor.fetchone()[0]


class TestAlerts:
    HOOK = f"https://chat.amazing.co/{CANARY}"

    def test_who_is_told_is_typed_and_the_webhook_is_not_shown_again(self, operator):
        label = LabelFactory()
        emails = "duty@amazing.co\nboss@amazing.co"
        answer = save(operator, label, alert_emails=emails, new_alert_webhook=self.HOOK)
        assert errors_of(answer) == {}
        assert label.alerts.reveal() == {
            "emails": ["duty@amazing.co", "boss@amazing.co"],
            "webhook": self.HOOK,
        }
        shown = operator.get(page(label)).content.decode()
        assert ("duty@amazing.co" in shown, CANARY in shown) == (True, False)
        assert AuditEntry.objects.get().changes == {"alerts": "changed"}

    def test_what_is_not_touched_is_not_sealed_anew(self, operator):
        label = LabelFactory(alerts={"emails": ["duty@amazing.co"], "webhook": self.HOOK})
        before = as_stored()
        save(operator, label, name="Another")
        assert as_stored() == before

    def test_emails_change_and_the_webhook_stays(self, operator):
        label = LabelFactory(alerts={"emails": ["duty@amazing.co"], "webhook": self.HOOK})
        save(operator, label, alert_emails="night@amazing.co")
        assert label.alerts.reveal() == {"emails": ["night@amazing.co"], "webhook": self.HOOK}

    def test_the_webhook_is_taken_away_and_nobody_is_left(self, operator):
        label = LabelFactory(alerts={"webhook": self.HOOK})
        save(operator, label, ends_alert_webhook="on")
        assert label.alerts is None

    @pytest.mark.parametrize(
        ("name", "typed"),
        [
            ("alert_emails", "nobody"),
            ("new_alert_webhook", "ftp://chat.amazing.co/x"),
            ("new_alert_webhook", "https://10.0.0.1/x"),
        ],
    )
    def test_what_cannot_be_told_is_refused(self, operator, name, typed):
        answer = save(operator, LabelFactory(), **{name: typed})
        assert list(errors_of(answer)) == [name]

    def test_what_does_not_open_is_typed_anew_and_left_alone_meanwhile(self, operator):
        label = LabelFactory(alerts={"webhook": self.HOOK})
        Label.objects.update(alerts=Ciphertext("t1$damaged"))
        assert errors_of(save(operator, label, name="Another")) == {}
        assert "cannot be decrypted" in operator.get(page(label)).content.decode()
        assert as_stored() == "t1$damaged"
        save(operator, label, alert_emails="duty@amazing.co")
        assert label.alerts.reveal() == {"emails": ["duty@amazing.co"]}
