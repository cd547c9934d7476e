import logging

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from callbacks.models import CallbackDelivery, Settlement
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
    return client.post(
        reverse(LIST), {"action": "replay", "_selected_action": [delivery.pk]}, follow=True
    )


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
    client = staff("view_callbackdelivery", "change_callbackdelivery")
    assert "1 statuses are owed again." in replay(client, delivery).text
    delivery.refresh_from_db()
    assert delivery.settlement == Settlement.OWED


def test_who_may_only_look_cannot_replay(delivery, caplog):
    caplog.set_level(logging.ERROR)
    replay(staff("view_callbackdelivery"), delivery)
    delivery.refresh_from_db()
    assert delivery.settlement == Settlement.DEAD
