"""Routes and the search, as a person uses them: on a desk and on a phone."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from gateway_project.lib.vocabulary import Channel
from tests.factories import EndUserFactory, GatewayFactory, MessageFactory
from tests.messages_app.house import House, build_house

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EMAIL = "canary@mailbox.example"


@pytest.fixture
def house(db) -> House:
    """A house in which one gateway stands in the shadow of another."""
    house = build_house()
    GatewayFactory(label=house.label, name="Shadowed SMS", filters={"country": ["DE"]})
    house.gateways[Channel.RCS].delete()
    return house


def test_the_explainer_names_the_winner_and_says_why_the_others_lost(page: Page, house: House):
    EndUserFactory(label=house.label, ext_user_id=EMAIL, brand=house.brand)
    page.goto(reverse("admin:routes"))
    page.get_by_label("Channel").select_option("sms")
    page.get_by_label("User id").fill(EMAIL)
    page.get_by_role("button", name="Explain").click()
    explanation = page.locator("#explanation")
    winner = house.gateways[Channel.SMS].name
    expect(explanation.locator("[data-answer]")).to_have_text(f"{winner} takes it.")
    expect(explanation.locator("li").first).to_contain_text(winner)
    expect(explanation.locator("li").last).to_contain_text("Fits, but a lower id wins.")
    expect(explanation).to_contain_text("c***@m***.example")
    assert "canary" not in page.url


def test_a_user_is_made_up_in_the_same_place(page: Page, house: House):
    page.goto(reverse("admin:routes"))
    page.get_by_label("For").select_option("made_up")
    expect(page.get_by_label("User id")).to_be_hidden()
    page.get_by_label("Channel").select_option("rcs")
    page.get_by_label("country").fill("AT")
    page.get_by_role("button", name="Explain").click()
    expect(page.locator("[data-answer]")).to_contain_text("Smartico gets error 4")


def test_the_grid_shows_holes_and_who_can_never_win(page: Page, house: House):
    page.goto(reverse("admin:routes"))
    expect(page.get_by_role("heading", name="Can never win")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Shadowed SMS")).to_contain_text(
        f"wherever it fits, {house.gateways[Channel.SMS].name} (lower id) wins."
    )
    expect(page.get_by_text("RCS: there Smartico gets error 4")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def sought(page: Page, text: str) -> None:
    if page.get_by_role("button", name="Find by id").is_visible():
        page.get_by_role("button", name="Find by id").click()
    else:
        page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_any_id_leads_from_anywhere_to_its_page(page: Page, house: House):
    message = MessageFactory(label=house.label, gateway=house.gateways[Channel.SMS], uid="uid-77")
    page.goto(reverse("admin:gateways_label_changelist"))
    sought(page, "uid-77")
    page.wait_for_url(f"**{reverse('admin:messages_app_message_change', args=[message.pk])}")


def test_what_is_sought_stays_out_of_the_url_and_of_the_page(page: Page, house: House):
    page.goto(reverse("admin:index"))
    sought(page, EMAIL)
    expect(page.get_by_role("heading", name="Nothing was found")).to_be_visible()
    assert page.url.endswith(reverse("admin:find"))
    assert "canary" not in page.content()


def test_a_gateways_form_says_what_its_change_would_have_moved(page: Page, house: House):
    sms = house.gateways[Channel.SMS]
    MessageFactory(label=house.label, gateway=sms, brand=house.brand, end_user=house.user)
    page.goto(reverse("admin:gateways_gateway_change", args=[sms.pk]))
    page.locator("[name=filter_country]").fill("AT")
    page.locator("[name=filter_country]").blur()
    expect(page.locator("#impact")).to_contain_text(
        re.compile(r"would have moved 1 of the last 1 messages"), timeout=10_000
    )
    expect(page.locator("#impact tbody tr")).to_have_text(re.compile(rf"{sms.name}\s+Shadowed SMS"))
