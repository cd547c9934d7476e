"""Unknown status words that a person explains: at once, for what waits, and taken back."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Status
from gateways.models import AuditEntry
from gateways.providers.base import StatusUpdate
from messages_app.models import InboxEntry, StatusEvent, Wait, WordMapping
from messages_app.words import normal_word
from tests.factories import GatewayFactory
from tests.messages_app.test_reports import apply, look_at_the_inbox, sent
from users.addresses import phone_index
from users.models import Suppression

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


@pytest.mark.parametrize("word", ["ZUGESTELLT", "zugestellt", "  Zugestellt\t", "zuGEStellt"])
def test_a_word_is_the_same_in_other_letter_case_and_spacing(gateway, word):
    meaning(gateway)
    apply(gateway, StatusUpdate(status=None, word=word, message_id=str(sent(gateway).pk)))
    assert learnt() == ["delivered"]


@pytest.mark.parametrize("word", ["delivre", "Доставлено", "تم التسليم", "已送达", "Levert"])
def test_a_word_of_another_language_is_told_to_nobody_until_it_is_explained(gateway, word):
    meaning(gateway)
    apply(gateway, StatusUpdate(status=None, word=word, message_id=str(sent(gateway).pk)))
    assert learnt() == []
    entry = InboxEntry.objects.get()
    assert (entry.waits_for, entry.word, entry.applied_at) == (Wait.A_MAPPING, word, None)
    WordMapping.objects.create(
        label=gateway.label, provider=gateway.provider, word=normal_word(word.upper()),
        status="delivered",
    )  # fmt: skip
    look_at_the_inbox()
    assert learnt() == ["delivered"]


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


def test_a_word_that_nobody_explains_stays_with_those_who_should(operator, gateway):
    apply(gateway, said(sent(gateway)))
    look_at_the_inbox()
    entry = InboxEntry.objects.get()
    assert (entry.waits_for, entry.applied_at) == (Wait.A_MAPPING, None)
    post(operator, gateway, is_confirmed="on")
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


def test_what_a_deleted_mapping_has_settled_can_still_be_looked_at(operator, gateway):
    mapping = meaning(gateway)
    apply(gateway, StatusUpdate(status=None, word="Zugestellt", provider_id="p-1"))
    sent(gateway, provider_id="p-1")
    look_at_the_inbox()
    delete = reverse("admin:messages_app_wordmapping_delete", args=[mapping.pk])
    assert operator.post(delete, {"post": "yes"}).status_code == 302
    entry = InboxEntry.objects.get()
    assert (entry.applied_at is None, entry.mapping_id) == (False, mapping.pk)
    page = reverse("admin:messages_app_inboxentry_change", args=[entry.pk])
    assert "It was applied to its message" in operator.get(page).content.decode()


def test_a_changed_mapping_holds_for_what_found_no_message_yet(operator, gateway):
    mapping = meaning(gateway)
    apply(gateway, StatusUpdate(status=None, word="Zugestellt", provider_id="p-1"))
    page = reverse("admin:messages_app_wordmapping_change", args=[mapping.pk])
    operator.post(page, typed(gateway, status="failed", is_confirmed="on"))
    look_at_the_inbox()
    assert InboxEntry.objects.get().status == Status.FAILED


def test_a_word_explained_as_an_opt_out_closes_the_address_that_no_message_went_to(gateway):
    number = "+491511234567"
    apply(gateway, StatusUpdate(status=None, word="Basta", recipient=Personal(number)))
    meaning(gateway, word="basta", status="unsubscribed")
    look_at_the_inbox()
    assert Suppression.objects.get().address_index == phone_index(number)
    Suppression.objects.all().delete()
    look_at_the_inbox()
    assert not Suppression.objects.exists()  # a person has opened it again


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        (None, (Wait.A_MAPPING, "", None)),
        ({"status": "failed"}, (Wait.ITS_MESSAGE, "failed", 1)),
        ({"word": "other"}, (Wait.A_MAPPING, "", None)),
    ],
    ids=["deleted", "another status", "another word"],
)
def test_a_mapping_changed_while_a_report_with_it_was_being_stored_settles_it_no_more(
    gateway, changes, left
):
    meaning(gateway, pk=1)
    apply(gateway, StatusUpdate(status=None, word="Zugestellt", provider_id="p-1"))
    rows = WordMapping.objects.filter(pk=1)
    rows.update(**changes) if changes else rows.delete()
    look_at_the_inbox()
    entry = InboxEntry.objects.get()
    assert (entry.waits_for, entry.status, entry.mapping_id) == left


def test_a_mapping_that_came_to_drop_reports_while_one_was_being_stored_drops_it(gateway):
    mapping = meaning(gateway)
    apply(gateway, StatusUpdate(status=None, word="Zugestellt", provider_id="p-1"))
    WordMapping.objects.update(status="")
    look_at_the_inbox()
    mapping.refresh_from_db()
    assert (InboxEntry.objects.count(), mapping.times_ignored) == (0, 1)


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
    InboxEntry.objects.update(received_at=timezone.now() - timedelta(minutes=5))
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
