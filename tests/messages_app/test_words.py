"""Unknown status words that a person explains: at once, for what waits, and taken back."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gateway_project.lib.vocabulary import Status
from gateways.models import AuditEntry
from gateways.providers.base import StatusUpdate
from messages_app.models import InboxEntry, StatusEvent, Wait, WordMapping
from tests.factories import GatewayFactory
from tests.messages_app.test_reports import apply, look_at_the_inbox, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway():
    return GatewayFactory()


@pytest.fixture
def operator(client):
    client.force_login(User.objects.create_superuser("root"))
    return client


def said(message, word="Zugestellt", **more) -> StatusUpdate:
    return StatusUpdate(status=None, message_id=str(message.pk), word=word, **more)


def meaning(of, status="delivered", word="zugestellt", **more) -> WordMapping:
    return WordMapping.objects.create(
        label=of.label, provider=of.provider, word=word, status=status, **more
    )


def typed(of, **more) -> dict[str, object]:
    values = {"label": of.label_id, "provider": of.provider, "gateway": ""}
    return values | {"word": "  ZUGESTELLT ", "status": "delivered"} | more


def post(operator, of, **more):
    return operator.post(reverse("admin:messages_app_wordmapping_add"), typed(of, **more))


def learnt() -> list[str]:
    return list(StatusEvent.objects.order_by("pk").values_list("status", flat=True))


@pytest.mark.parametrize("word", ["Zugestellt", "ZUGESTELLT", " zugestellt  "])
def test_a_mapped_word_is_applied_at_once_in_any_case(gateway, word):
    meaning(gateway)
    assert apply(gateway, said(sent(gateway), word)) == 1
    assert learnt() == ["delivered"]
    assert not InboxEntry.objects.exists()


def test_an_ignored_word_is_dropped_and_counted(gateway):
    mapping = meaning(gateway, status="")
    message = sent(gateway)
    apply(gateway, said(message), said(message), said(message, "other"))
    mapping.refresh_from_db()
    assert mapping.times_ignored == 2
    assert InboxEntry.objects.get().word == "other"


def test_a_gateways_own_mapping_beats_its_providers(gateway):
    meaning(gateway, status="failed")
    meaning(gateway, status="opened", gateway=gateway)
    apply(gateway, said(sent(gateway)))
    assert learnt() == ["opened"]


def test_a_mapping_holds_for_no_other_gateway_and_no_other_label(gateway):
    sibling, stranger = GatewayFactory(label=gateway.label), GatewayFactory()
    meaning(gateway, gateway=gateway)
    meaning(stranger)
    apply(sibling, said(sent(sibling)))
    assert learnt() == []


def test_a_mapped_word_about_a_message_not_yet_known_waits_for_it(gateway):
    meaning(gateway)
    apply(gateway, StatusUpdate(status=None, word="Zugestellt", provider_id="p-1"))
    assert InboxEntry.objects.get().waits_for == Wait.ITS_MESSAGE
    sent(gateway, provider_id="p-1")
    look_at_the_inbox()
    assert learnt() == ["delivered"]


def test_a_word_mapped_while_its_report_was_being_stored_does_not_stay_behind(gateway):
    apply(gateway, said(sent(gateway)))
    meaning(gateway)
    look_at_the_inbox()
    assert learnt() == ["delivered"]


def test_saving_says_first_how_many_reports_it_settles(operator, gateway):
    for _ in range(3):
        apply(gateway, said(sent(gateway)))
    page = post(operator, gateway).content.decode()
    assert "3 reports wait for this word and will be recorded as &quot;delivered&quot;" in page
    assert not WordMapping.objects.exists()


def test_agreed_every_report_that_waits_is_applied_once_and_the_deed_is_written_down(
    operator, gateway
):
    sibling = GatewayFactory(label=gateway.label)
    for one in (gateway, sibling):
        apply(one, said(sent(one)))
    assert post(operator, gateway, is_confirmed="on").status_code == 302
    look_at_the_inbox()
    look_at_the_inbox()
    assert learnt() == ["delivered", "delivered"]
    assert not InboxEntry.objects.filter(applied_at=None).exists()
    assert AuditEntry.objects.filter(subject_type="messages_app.wordmapping").count() == 1


def test_agreed_to_be_ignored_what_waits_is_dropped(operator, gateway):
    apply(gateway, said(sent(gateway)))
    post(operator, gateway, status="nothing", is_confirmed="on")
    look_at_the_inbox()
    assert (learnt(), InboxEntry.objects.count()) == ([], 0)
    assert WordMapping.objects.get().times_ignored == 1


def test_old_entries_that_are_looked_for_no_more_are_settled_too(operator, gateway):
    apply(gateway, said(sent(gateway)))
    InboxEntry.objects.update(due_at=None)
    post(operator, gateway, is_confirmed="on")
    look_at_the_inbox()
    assert learnt() == ["delivered"]


def test_a_deleted_mapping_gives_back_what_found_no_message(operator, gateway):
    mapping = meaning(gateway)
    apply(gateway, StatusUpdate(status=None, word="Zugestellt", provider_id="p-1"))
    page = reverse("admin:messages_app_wordmapping_delete", args=[mapping.pk])
    operator.post(page, {"post": "yes"})
    entry = InboxEntry.objects.get()
    assert (entry.waits_for, entry.status, entry.mapping_id) == (Wait.A_MAPPING, "", None)


def test_a_changed_mapping_holds_for_what_found_no_message_yet(operator, gateway):
    mapping = meaning(gateway)
    apply(gateway, StatusUpdate(status=None, word="Zugestellt", provider_id="p-1"))
    page = reverse("admin:messages_app_wordmapping_change", args=[mapping.pk])
    operator.post(page, typed(gateway, status="failed", is_confirmed="on"))
    look_at_the_inbox()
    assert InboxEntry.objects.get().status == Status.FAILED


def test_a_gateway_of_another_label_or_provider_is_refused(operator, gateway):
    others = [GatewayFactory(), GatewayFactory(label=gateway.label, provider="webex_connect")]
    for other in others:
        page = post(operator, gateway, gateway=other.pk).content.decode()
        assert "another label" in page or "another provider" in page
    assert not WordMapping.objects.exists()


def test_one_word_has_one_meaning(operator, gateway):
    meaning(gateway)
    assert post(operator, gateway).status_code == 200
    assert WordMapping.objects.count() == 1


def test_from_an_entry_the_form_is_filled_in(operator, gateway):
    apply(gateway, said(sent(gateway)))
    entry = InboxEntry.objects.get()
    page = operator.get(reverse("admin:messages_app_inboxentry_map_word", args=[entry.pk]))
    form = operator.get(page.url).context["adminform"].form
    assert form.initial == {
        "label": str(gateway.label_id),
        "provider": gateway.provider,
        "gateway": str(gateway.pk),
        "word": "Zugestellt",
    }


def test_the_drain_asks_for_mappings_once_per_gateway(gateway):
    for _ in range(5):
        apply(gateway, said(sent(gateway)))
    with CaptureQueriesContext(connection) as queries:
        look_at_the_inbox()
    asked = [one for one in queries if 'FROM "messages_app_wordmapping"' in one["sql"]]
    assert len(asked) == 1


def test_nothing_is_dropped_because_nobody_chose(operator, gateway):
    answer = post(operator, gateway, status="", is_confirmed="on")
    assert "status" in answer.context["adminform"].form.errors
    assert not WordMapping.objects.exists()


def test_a_mapping_that_drops_reports_shows_so_in_its_form(operator, gateway):
    mapping = meaning(gateway, status="")
    page = operator.get(reverse("admin:messages_app_wordmapping_change", args=[mapping.pk]))
    assert page.context["adminform"].form["status"].value() == "nothing"
