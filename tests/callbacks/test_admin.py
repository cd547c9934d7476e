import logging

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from callbacks import admin as callbacks_admin
from callbacks import replaying
from callbacks.models import CallbackDelivery, Settlement
from gateways.models import AuditEntry
from tests.factories import API_KEY
from tests.peers import Answer

LIST = "admin:callbacks_callbackdelivery_changelist"


@pytest.fixture
def delivery(smartico):
    smartico.answers["any"] = Answer(body={"error_code": 3, "error_message": f"no {API_KEY}"})
    delivery = smartico.owe("delivered")
    smartico.report()
    CallbackDelivery.objects.update(settlement=Settlement.DEAD)
    return delivery


def client_of(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def staff(*permissions):
    user = User.objects.create_user("staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return client_of(user)


def replay(client, delivery):
    chosen = {"action": "replay", "_selected_action": [delivery.pk]}
    asked = client.post(reverse(LIST), chosen, follow=True)
    assert CallbackDelivery.objects.owed().count() == 0, "asked back first"
    done = client.post(reverse(LIST), chosen | {"confirmed": "yes"}, follow=True)
    return asked.text + done.text


def test_a_delivery_and_its_attempts_are_shown_without_key_and_url(admin_client, delivery):
    page = reverse("admin:callbacks_callbackdelivery_change", args=[delivery.pk])
    for url in (reverse(LIST), f"{reverse(LIST)}?q={delivery.message_id}", page):
        answer = admin_client.get(url)
        assert answer.status_code == 200
        assert str(delivery.message_id) in answer.text
        assert API_KEY not in answer.text
        assert "canary" not in answer.text
    assert "error_code 3: no [redacted]" in answer.text


def test_nothing_is_written_by_hand(admin_client, delivery):
    page = reverse("admin:callbacks_callbackdelivery_change", args=[delivery.pk])
    assert admin_client.post(page, {"status": "opened"}).status_code == 403
    assert admin_client.get(reverse("admin:callbacks_callbackdelivery_add")).status_code == 403
    assert admin_client.post(page.replace("change", "delete")).status_code == 403


def test_the_action_replays_and_says_how_many(delivery):
    client = staff("view_callbackdelivery", "replay_callbackdelivery")
    assert "1 statuses are owed again." in replay(client, delivery)
    assert AuditEntry.objects.get().action == "replayed"
    delivery.refresh_from_db()
    assert delivery.settlement == Settlement.OWED


def replay_all(client, settlement=Settlement.DEAD, **more):
    chosen = {"action": "replay", "_selected_action": [0], "select_across": "1", "confirmed": "yes"}
    url = f"{reverse(LIST)}?settlement__exact={settlement}"
    return client.post(url, chosen | more, follow=True).text


def told_in_the_audit():
    return [entry.changes for entry in AuditEntry.objects.order_by("pk")]


def test_all_that_a_filter_leaves_is_replayed_beyond_the_first_page(delivery, smartico):
    for _ in range(60):
        smartico.owe("opened", settlement=Settlement.DEAD)
    kept = smartico.owe("clicked", settlement=Settlement.MISMATCH)
    told = replay_all(staff("view_callbackdelivery", "replay_callbackdelivery"))
    assert "61 statuses are owed again." in told
    assert "There are more" not in told
    assert list(CallbackDelivery.objects.exclude(settlement=Settlement.OWED)) == [kept]


def test_a_replay_that_takes_too_long_ends_after_a_batch_and_goes_on_with_the_rest(
    delivery, smartico, monkeypatch
):
    monkeypatch.setattr(replaying, "BATCH", 2)
    monkeypatch.setattr(callbacks_admin, "REPLAY_SECONDS", 0.0)
    rows = [delivery, *(smartico.owe("opened") for _ in range(3))]
    CallbackDelivery.objects.update(settlement=Settlement.ACKNOWLEDGED)
    client = staff("view_callbackdelivery", "replay_callbackdelivery")
    told = replay_all(client, Settlement.ACKNOWLEDGED)
    assert "2 statuses are owed again." in told
    assert "There are 2 more" in told
    assert f'name="after" value="{rows[1].pk}"' in told
    CallbackDelivery.objects.update(settlement=Settlement.ACKNOWLEDGED)
    told = replay_all(client, Settlement.ACKNOWLEDGED, after=rows[1].pk)
    assert "2 statuses are owed again." in told
    assert 'name="after"' not in told
    assert set(CallbackDelivery.objects.owed()) == set(rows[2:])


def test_what_was_replayed_to_its_end_is_not_said_to_have_more(delivery, smartico, monkeypatch):
    monkeypatch.setattr(callbacks_admin, "REPLAY_SECONDS", 0.0)
    monkeypatch.setattr(replaying, "_owe_again", lambda ids, now: None)  # as if told meanwhile
    smartico.owe("opened", settlement=Settlement.DEAD)
    told = replay_all(staff("view_callbackdelivery", "replay_callbackdelivery"))
    assert "2 statuses are owed again." in told
    assert "There are" not in told
    assert 'name="after"' not in told


def test_the_audit_says_how_many_were_really_replayed(delivery, smartico, monkeypatch):
    monkeypatch.setattr(replaying, "BATCH", 2)
    monkeypatch.setattr(callbacks_admin, "REPLAY_SECONDS", 0.0)
    for _ in range(3):
        smartico.owe("opened", settlement=Settlement.DEAD)
    replay_all(staff("view_callbackdelivery", "replay_callbackdelivery"))
    assert told_in_the_audit() == [
        {"callback deliveries": "begun"},
        {"callback deliveries": "2"},
    ]
    assert AuditEntry.objects.last().label == smartico.label


@pytest.mark.parametrize("after", ["", "x", "-1", "9" * 40, "1; DROP"])
def test_a_strange_place_to_go_on_from_breaks_nothing(delivery, after):
    client = staff("view_callbackdelivery", "replay_callbackdelivery")
    assert "statuses are owed again." in replay_all(client, after=after)


def test_who_may_only_look_cannot_replay(delivery, caplog):
    caplog.set_level(logging.ERROR)
    replay(staff("view_callbackdelivery"), delivery)
    delivery.refresh_from_db()
    assert delivery.settlement == Settlement.DEAD


def test_the_list_shows_the_last_answer_and_takes_no_query_for_each(
    admin_client, smartico, delivery
):
    with CaptureQueriesContext(connection) as few:
        assert "error_code 3: no [redacted]" in admin_client.get(reverse(LIST)).text
    smartico.owe("opened", "clicked")
    with CaptureQueriesContext(connection) as many:
        admin_client.get(reverse(LIST))
    assert len(many) == len(few)


def test_a_delivery_tells_its_tries_and_that_it_was_given_up(admin_client, delivery):
    CallbackDelivery.objects.update(settled_at=timezone.now())
    page = reverse("admin:callbacks_callbackdelivery_change", args=[delivery.pk])
    answer = admin_client.get(page)
    assert [entry.title for entry in answer.context["entries"]] == [
        "Told Smartico: delivered",
        "Callback of delivered ended",
    ]
    assert answer.context["waits"] == []
