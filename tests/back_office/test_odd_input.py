"""Whatever is typed into an address or posted by hand, nothing breaks."""

from urllib.parse import quote

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from gateways.models import Gateway, Label
from tests.back_office.people import browser_of, person_with
from tests.factories import GatewayFactory, LabelFactory

HUGE, LONG, DEEP = "9" * 30, "9" * 5_000, "[" * 100_000
NO_KEYS = ("\x00", "a\x00b", HUGE, "-" + HUGE, LONG, "²", "x" * 3_000, "1,2")


@pytest.fixture
def administrator(db: None) -> Client:
    return browser_of(person_with("administrator"))


@pytest.fixture
def label(db: None) -> Label:
    return LabelFactory()


@pytest.mark.parametrize("key", NO_KEYS)
@pytest.mark.parametrize(
    "path",
    ["gateways/gateway/{}/test_send/", "callbacks/callbackdelivery/{}/change/"]
    + ["auth/user/{}/password/", "messages_app/message/{}/timeline/", "gateways/key/{}/history/"],
)
def test_what_is_no_key_is_nothing(administrator, path, key):
    answer = administrator.get(f"/admin/{path.format(quote(key, safe=''))}")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "asked",
    [
        *(f"gateways/brand/?label={HUGE}", f"gateways/gateway/?id__in=1,{HUGE}"),
        *("messages_app/message/?since=0001-01-01T00:00%2B23:59", "gateways/gateway/?p=-1"),
        *("gateways/auditentry/?since=0001-01-01T00:00%2B23:59", f"users/enduser/?p={HUGE}"),
        *("messages_app/message/?state__in=%00", f"callbacks/callbackdelivery/?label={LONG}"),
    ],
)
@pytest.mark.django_db(transaction=True)  # the database may refuse the value
def test_a_list_takes_a_filter_that_no_row_can_meet(administrator, asked):
    answer = administrator.get(f"/admin/{asked}", follow=True)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "asked", ["id__range=1", "id__regex=(", "label__isnull__exact__year=1", "id__year=-1"]
)
def test_a_list_makes_no_other_comparisons_than_its_filters(administrator, asked):
    assert administrator.get(f"/admin/gateways/gateway/?{asked}").status_code == 400


@pytest.mark.parametrize("key", NO_KEYS)
def test_an_action_is_done_to_rows_only(administrator, label, key):
    gateway = GatewayFactory(label=label)
    posted = {"action": "pause", "confirmed": "yes", "_selected_action": [key, str(gateway.pk)]}
    answer = administrator.post(reverse("admin:gateways_gateway_changelist"), posted)
    assert answer.status_code == 404
    assert not Gateway.objects.get().is_paused


@pytest.mark.parametrize(
    ("path", "posted"),
    [
        ("gateways/label/{label}/change/", {"seen": DEEP}),
        ("gateways/gateway/{gateway}/check/", {"config_headers": DEEP}),
        ("test-send/{gateway}/", {"ext_user_id": "u", "body": "b", "extension": DEEP}),
        ("test-send/{gateway}/", {"ext_user_id": "u", "body": "b", "extension": LONG}),
        ("gateways/template/preview/", {"fields-TOTAL_FORMS": LONG, "label": LONG}),
        ("gateways/template/preview/", {"fields-TOTAL_FORMS": "-1", "label": "²"}),
    ],
)
def test_a_form_takes_what_no_browser_would_post(administrator, label, path, posted):
    gateway = GatewayFactory(label=label, channel="custom_im", provider="custom_im_http")
    path = path.format(label=label.pk, gateway=gateway.pk)
    assert administrator.post(f"/admin/{path}", posted).status_code == 200


def test_a_name_too_long_for_anybody_is_not_looked_for(db, client):
    typed = {"username": "x" * 10_000, "password": "y"}
    answer = client.post(reverse("admin:login"), typed)
    assert answer.status_code == 200
    assert "at most 150 characters" in answer.content.decode()
    assert not AccessAttempt.objects.exists()


def test_what_is_typed_in_place_of_a_name_is_counted_but_not_written_down(db, client):
    typed = {"username": "canary@mailbox.example", "password": "y"}
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = client.post(reverse("admin:login"), typed)
    assert answer.status_code == 429
    (attempt,) = AccessAttempt.objects.values()
    assert "canary" not in str(attempt)


def test_a_name_that_somebody_has_is_written_down(db, client):
    User.objects.create_user("clerk", is_staff=True)
    client.post(reverse("admin:login"), {"username": "clerk", "password": "y"})
    assert AccessAttempt.objects.get().username == "clerk"
