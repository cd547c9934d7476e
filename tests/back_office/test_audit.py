"""What people did, as auditors see it."""

import pytest
from django.urls import reverse

from gateways.auditing import record
from gateways.models import Action, AuditEntry
from tests.back_office.people import browser_of, person_with
from tests.factories import GatewayFactory, LabelFactory
from tests.gateways.admin.conftest import filled_in

pytestmark = pytest.mark.django_db

LIST = reverse("admin:gateways_auditentry_changelist")


def found(answer):
    return {row.actor_name for row in answer.context["cl"].result_list}


def test_entries_are_filtered_by_person_action_label_and_time():
    one, other = LabelFactory(), LabelFactory()
    record(person_with("operator"), Action.CHANGED, one)
    record("apply_config", Action.ADDED, other)
    auditor = browser_of(person_with("auditor"))
    assert found(auditor.get(LIST)) == {"operator", "apply_config"}
    assert found(auditor.get(LIST, {"person": "operator"})) == {"operator"}
    assert found(auditor.get(LIST, {"action__exact": "added"})) == {"apply_config"}
    assert found(auditor.get(LIST, {"label__id__exact": one.pk})) == {"operator"}
    assert found(auditor.get(LIST, {"at__gte": "2999-01-01 00:00:00+00:00"})) == set()


def test_a_limited_auditor_sees_the_entries_of_their_labels_and_who_made_them():
    one, other = LabelFactory(name="Own House"), LabelFactory(name="Hidden House")
    record("seen", Action.CHANGED, one)
    hidden = record("unseen", Action.CHANGED, other)
    record("of no label", Action.CHANGED, person_with("support"))
    auditor = browser_of(person_with("auditor", labels=[one]))
    answer = auditor.get(LIST)
    assert found(answer) == {"seen"}
    for word in ("unseen", "Hidden House", "of no label"):
        assert word not in answer.content.decode()
    page = reverse("admin:gateways_auditentry_change", args=[hidden.pk])
    assert auditor.get(page).status_code == 404


def test_a_change_is_shown_before_and_after_on_its_page_and_in_the_history():
    gateway = GatewayFactory(name="<b>Old</b>", rate_per_second=50)
    operator = browser_of(person_with("operator"))
    url = reverse("admin:gateways_gateway_change", args=[gateway.pk])
    operator.post(url, filled_in(operator, url, rate_per_second=70))
    entry = AuditEntry.objects.get()
    assert entry.told_changes == [("rate_per_second", "50", "70")]
    auditor = browser_of(person_with("auditor"))
    for shown in (
        reverse("admin:gateways_auditentry_change", args=[entry.pk]),
        reverse("admin:gateways_gateway_history", args=[gateway.pk]),
    ):
        page = " ".join(auditor.get(shown).content.decode().split())
        assert "rate_per_second" in page
        assert page.index(">50<") < page.index(">70<")
        assert "<b>Old</b>" not in page


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ([None, "a"], ("nothing", "a")),
        ([True, False], ("yes", "no")),
        ([[], ["a", "b"]], ("nothing", "a, b")),
        ([{"x": 1}, {}], ('{"x": 1}', "nothing")),
        ("changed", ("", "changed")),
        (7, ("", "7")),
    ],
)
def test_changes_are_told_in_words(change, told):
    assert AuditEntry(changes={"field": change}).told_changes == [("field", *told)]
