"""Logging in with a second factor, and revealing an address, as people do it."""

import re

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django_otp.oath import totp
from playwright.sync_api import Page, expect

from gateways.models import Action, AuditEntry, TokenApp
from tests.back_office.people import PASSWORD, person_with
from tests.factories import EndUserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EMAIL = "canary@mailbox.example"
MASKED = "c***@m***.example"


def log_in(page: Page, person: User) -> None:
    page.context.clear_cookies()
    page.goto("/admin/")
    page.get_by_label("Username").fill(person.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def test_a_second_factor_is_set_up_and_asked_for(page: Page):
    person = person_with("operator", name="mia")
    log_in(page, person)
    page.goto("/admin/two-factor/")
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("img", name=re.compile("QR code"))).to_be_visible()
    device = TokenApp.objects.get()
    page.get_by_label("Token").fill(f"{totp(device.key):06d}")
    page.get_by_role("button", name="Confirm").click()
    codes = page.locator("#two-factor-codes").inner_text().split()
    assert len(codes) == 10

    log_in(page, person)
    page.get_by_label("Token").fill(codes[0])
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url(re.compile("/admin/$"))


def test_an_address_is_revealed_for_a_minute(page: Page):
    user = EndUserFactory(email=EMAIL, phone=None)
    page.clock.install()
    page.goto(reverse("admin:users_enduser_change", args=[user.pk]))
    page.get_by_label("E-mail").fill("The user asks why no mail came")
    page.get_by_role("button", name="Reveal").click()
    expect(page.get_by_text(EMAIL)).to_be_visible()
    assert "canary" not in page.url
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.reason) == (Action.REVEALED, "The user asks why no mail came")
    page.clock.fast_forward(61_000)
    expect(page.get_by_text(EMAIL)).to_have_count(0)
    expect(page.get_by_role("button", name="Reveal")).to_be_visible()
    page.go_back()
    page.go_forward()
    assert EMAIL not in page.content()


def test_an_address_is_hidden_at_once(page: Page):
    user = EndUserFactory(email=EMAIL, phone=None)
    page.goto(reverse("admin:users_enduser_change", args=[user.pk]))
    page.get_by_label("E-mail").fill("The user asks why no mail came")
    page.get_by_role("button", name="Reveal").click()
    page.get_by_role("button", name="Hide now").click()
    expect(page.get_by_text(EMAIL)).to_have_count(0)
    expect(page.get_by_text(MASKED).last).to_be_visible()


def test_without_the_right_there_is_nothing_to_reveal(page: Page):
    user = EndUserFactory(email=EMAIL, phone=None)
    log_in(page, person_with("support"))
    page.wait_for_url(re.compile("/admin/$"))
    page.goto(reverse("admin:users_enduser_change", args=[user.pk]))
    expect(page.get_by_text(MASKED).first).to_be_visible()
    expect(page.get_by_role("button", name="Reveal")).to_have_count(0)
