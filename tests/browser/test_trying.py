"""Pointing at the values of a pasted webhook, in a browser."""

import json

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.factories import GatewayFactory
from tests.gateways.providers.accounts.http_api import CONFIG

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PLACES = ("reports_path", "message_id_path", "provider_id_path", "status_path")


def test_a_click_on_a_value_puts_its_place_into_the_form(page: Page):
    config = {name: value for name, value in CONFIG.items() if name not in PLACES}
    draft = GatewayFactory(
        channel="sms", provider="http_api", config=config, is_draft=True, is_active=False
    )
    page.goto(reverse("admin:gateways_gateway_wizard", args=[draft.pk, "access"]))
    sample = {"reports": [{"ref": "our-id", "id": "api-1", "state": "DELIVRD"}]}

    page.fill("#sample-body", json.dumps(sample))
    page.click("#read-sample")
    for place in ("reports", "ref", "id", "state"):
        page.click(f'[data-sample-path="{place}"]')

    expect(page.locator("#sample table")).to_contain_text("Delivered")
    values = [page.input_value(f'[name="config_{name}"]') for name in PLACES]
    assert values == ["reports", "ref", "id", "state"]
    page.click("text=Show the call")
    expect(page.locator("#sample-call")).to_contain_text("POST https://sms.example/v1/messages")
