"""The groups of a provider's settings in a browser: by keyboard, and with something wrong."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from gateways.models import Gateway
from tests.browser.accessibility import findings
from tests.factories import GatewayFactory
from tests.gateways.providers.examples import CONFIGS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DARKEN = "document.documentElement.classList.add('dark')"
LONG = ("http_api", "smtp", "esputnik", "webex_connect", "meta_whatsapp", "twilio", "amazon_ses")


def step(draft: Gateway) -> str:
    return reverse("admin:gateways_gateway_wizard", args=[draft.pk, "access"])


@pytest.fixture
def draft(db) -> Gateway:
    return GatewayFactory(channel="email", provider="smtp", is_draft=True, is_active=False)


def test_a_group_is_opened_by_keyboard(page: Page, draft: Gateway):
    page.goto(step(draft))
    expect(page.get_by_label("Mailbox: IMAP host")).to_be_hidden()
    page.locator("summary", has_text="Bounces and complaints").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("bounces@example.com")
    expect(page.get_by_label("Return address")).to_have_value("bounces@example.com")


def test_what_is_wrong_is_told_first_and_leads_to_its_field(page: Page, draft: Gateway):
    page.goto(step(draft))
    page.locator("summary", has_text="Bounces and complaints").click()
    page.get_by_label("Return address").fill("no address")
    page.get_by_label("Host", exact=False).first.fill("mail.example.com")
    page.get_by_role("button", name="Next").click()
    told = page.get_by_role("alert")
    expect(told).to_be_focused()
    expect(told).to_contain_text("1 field needs mending")
    told.get_by_role("link", name="Return address").click()
    field = page.get_by_label("Return address")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    described = (field.get_attribute("aria-describedby") or "").split()
    assert len(described) == 2
    assert all(page.locator(f"[id='{each}']").count() == 1 for each in described)


def test_a_link_to_a_field_in_another_tab_opens_that_tab(page: Page, db):
    gateway = GatewayFactory(channel="email", provider="smtp", config=CONFIGS["smtp"])
    page.goto(reverse("admin:gateways_gateway_change", args=[gateway.pk]))
    page.get_by_label("Name", exact=False).first.fill("")
    page.get_by_role("button", name="Authentication & Configuration").click()
    page.locator("[name=config_host]").fill("")
    page.get_by_role("button", name="Save", exact=True).click()
    told = page.get_by_role("alert")
    for label in ("Name", "Host"):
        told.get_by_role("link", name=label).click()
        expect(page.get_by_label(label, exact=False).first).to_be_focused()


@pytest.mark.parametrize("provider", LONG)
def test_all_groups_open_are_good_by_day_and_night(page: Page, provider, db):
    channel = {"meta_whatsapp": "whatsapp", "twilio": "whatsapp", "webex_connect": "rcs"}
    draft = GatewayFactory(
        channel=channel.get(provider, "email"),
        provider=provider,
        config=CONFIGS[provider],
        is_draft=True,
        is_active=False,
    )
    page.goto(step(draft))
    page.evaluate("document.querySelectorAll('.form-group').forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert findings(page) == []
    page.evaluate(DARKEN)
    assert findings(page) == []
