"""A pasted webhook and a looked-at call: what is shown of them, and that nothing is kept."""

import json

import pytest
from django.urls import reverse

from gateways.models import Gateway
from tests.factories import GatewayFactory
from tests.gateways.admin.conftest import filled_in
from tests.gateways.providers.accounts.http_api import CONFIG
from tests.gateways.providers.canaries import CANARY, EMAIL, PHONE

SAMPLE = {
    "sent": "2026-03-01T10:00:00Z",
    "reports": [
        {"id": "api-1", "state": "DELIVRD", "user data": {"to": PHONE, "mail": EMAIL}},
        {"id": "api-2", "state": "QUEUED"},
        {"id": "api-3", "state": "LOST", "reason": f"nobody at {EMAIL}"},
    ],
}


@pytest.fixture
def api(db: None) -> Gateway:
    return GatewayFactory(channel="sms", provider="http_api", config=CONFIG, from_default="Amazing")


def tried(client, gateway: Gateway, view: str, **changes) -> str:
    page = reverse("admin:gateways_gateway_change", args=[gateway.pk])
    form = filled_in(client, page) | changes
    answer = client.post(reverse(f"admin:gateways_gateway_{view}", args=[gateway.pk]), form)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_pasted_webhook_is_laid_out_with_the_places_of_its_values(operator, api):
    shown = tried(operator, api, "sample", sample_body=json.dumps(SAMPLE))

    for place in ("sent", "reports", "id", "state", "&quot;user data&quot;.to"):
        assert f'data-sample-path="{place}"' in shown
    assert 'data-sample-path="reports[0]' not in shown


def test_without_a_list_the_places_begin_at_the_top(operator, api):
    shown = tried(operator, api, "sample", sample_body=json.dumps(SAMPLE), config_reports_path="")

    assert 'data-sample-path="reports[2].state"' in shown


def test_what_the_present_settings_would_read_is_told(operator, api):
    shown = tried(operator, api, "sample", sample_body=json.dumps(SAMPLE))

    assert "Delivered" in shown
    assert "to the inbox" in shown
    assert shown.count("<tr>") == 3


def test_nothing_personal_of_it_is_shown_stored_or_logged(operator, api, caplog):
    before = api.config.reveal()
    shown = tried(operator, api, "sample", sample_body=json.dumps(SAMPLE))
    api.refresh_from_db()

    for hidden in (EMAIL, PHONE, PHONE[1:]):
        assert hidden not in shown + caplog.text
    assert api.config.reveal() == before


def test_a_form_is_laid_out_too_and_its_proof_is_tried(operator, api):
    headers = "Content-Type: application/x-www-form-urlencoded\nX-Signature: 00"
    shown = tried(
        *(operator, api, "sample"),
        sample_body="state=DELIVRD&id=7",
        sample_headers=headers,
        config_reports_path="",
    )

    assert 'data-sample-path="state"' in shown
    assert "would be refused" in shown


@pytest.mark.parametrize("body", ["{", "[" * 5000, "{}" * 9])
def test_what_cannot_be_read_is_said(operator, api, body):
    assert "It cannot be read" in tried(operator, api, "sample", sample_body=body)


def test_places_are_found_before_the_rest_of_the_form_is_good(operator, api):
    shown = tried(operator, api, "sample", sample_body=json.dumps(SAMPLE), config_url="")

    assert "Delivered" in shown


def test_the_call_is_shown_with_address_and_secrets_masked(operator, api):
    shown = tried(operator, api, "sample_call")

    assert "POST https://sms.example/v1/messages" in shown
    assert "Content-Type: application/json" in shown
    assert "quotation marks" in shown
    for hidden in (CANARY, "15550100123", api.token.reveal()):
        assert hidden not in shown


@pytest.mark.parametrize("kind", ["json", "form"])
def test_a_secret_within_the_call_is_not_shown_however_it_is_written_there(operator, kind):
    config = CONFIG | {"auth": "request", "secret": 'a "secret" key', "body_kind": kind}
    places = {"url": "https://a.example/{{ secret }}", "body": {"key": "{{ secret }}"}}
    api = GatewayFactory(channel="sms", provider="http_api", config=config | places)

    shown = tried(operator, api, "sample_call")

    assert "POST https://a.example/SECRET" in shown
    assert "secret" not in shown.partition("https://a.example/")[2]


def test_a_form_that_is_not_good_yet_says_what_is_missing_for_a_call(operator, api):
    shown = tried(operator, api, "sample_call", config_body='{"to": "{{ nobody }}"}')

    assert "There is no placeholder nobody" in shown
    assert CANARY not in shown
