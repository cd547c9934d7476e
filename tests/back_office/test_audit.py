"""What people did, as auditors see it."""

import csv
import io
from urllib.parse import urlencode

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from gateways.auditing import record
from gateways.models import Action, AuditEntry
from tests.back_office.people import browser_of, person_with
from tests.factories import GatewayFactory, LabelFactory
from tests.gateways.admin.conftest import filled_in
from tests.gateways.audit_chain.tampering import change, seal

pytestmark = pytest.mark.django_db

LIST = reverse("admin:gateways_auditentry_changelist")
EXPORT = reverse("admin:gateways_auditentry_export")


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
    assert found(auditor.get(LIST, {"since": "2999-01-01T00:00"})) == set()
    assert found(auditor.get(LIST, {"within": "1h"})) == {"operator", "apply_config"}


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


def exported(browser, **narrowed):
    answer = browser.post(f"{EXPORT}?{urlencode(narrowed)}")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/csv")
    assert "attachment" in answer["Content-Disposition"]
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_the_audit_is_exported_as_the_list_is_narrowed_and_that_is_written_down():
    label = LabelFactory()
    one, other = (
        record("apply_config", Action.ADDED, label),
        record("replay", Action.CHANGED, label),
    )
    seal()
    auditor = browser_of(person_with("auditor"))
    rows = exported(auditor)
    assert [(row["number"], row["id"]) for row in rows[:2]] == [
        ("1", str(one.pk)),
        ("2", str(other.pk)),
    ]
    assert rows[1]["digest of the place"] == other.seal.digest
    assert [row["who"] for row in exported(auditor, person="replay")] == ["replay"]
    told = AuditEntry.objects.filter(action=Action.EXPORTED).order_by("pk")
    assert [entry.changes["narrowed by"] for entry in told] == [[], ["person"]]
    assert {entry.actor_name for entry in told} == {"auditor"}


def test_what_a_spreadsheet_would_obey_is_exported_as_text():
    record("apply_config", Action.CHANGED, LabelFactory(name="=1+1"), reason="@SUM(A1)")
    (row, _) = exported(browser_of(person_with("auditor")))
    assert (row["what"], row["reason"]) == ("'=1+1", "'@SUM(A1)")


def test_a_limited_auditor_exports_no_entries_of_others():
    one, other = LabelFactory(), LabelFactory()
    record("seen", Action.CHANGED, one)
    record("unseen", Action.CHANGED, other)
    auditor = browser_of(person_with("auditor", labels=[one]))
    assert [row["who"] for row in exported(auditor)] == ["seen"]
    assert exported(auditor, label__id__exact=other.pk) == []


def test_an_odd_export_is_refused():
    answer = browser_of(person_with("auditor")).post(f"{EXPORT}?since=yesterday")
    assert answer.status_code == 400


def test_the_page_says_how_the_chain_stands():
    entry = record("apply_config", Action.CHANGED, LabelFactory())
    auditor = browser_of(person_with("auditor"))
    assert "never verified" not in auditor.get(LIST).content.decode()
    seal()
    assert "never verified" in auditor.get(LIST).content.decode()
    call_command("verify_audit", stdout=io.StringIO())
    page = auditor.get(LIST).content.decode()
    assert "whole, 1 entry" in " ".join(page.split())
    assert entry.seal.digest in page
    change(entry, reason="another")
    with pytest.raises(CommandError):
        call_command("verify_audit", stdout=io.StringIO())
    assert f"{entry.pk} (number 1) was changed" in auditor.get(LIST).content.decode()
    assert (
        "not as it was written"
        in browser_of(person_with("administrator")).get("/admin/").content.decode()
    )


def test_an_entrys_page_names_its_place():
    entry = record("apply_config", Action.CHANGED, LabelFactory())
    auditor = browser_of(person_with("auditor"))
    page = reverse("admin:gateways_auditentry_change", args=[entry.pk])
    assert "sealed within a second" in auditor.get(page).content.decode()
    seal()
    assert "sealed within a second" not in auditor.get(page).content.decode()
