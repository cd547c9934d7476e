"""The back office in a browser, beside what is tested page by page."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from tests.messages_app.house import House, build_house

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def house(db) -> House:
    return build_house()


def test_the_description_of_the_apis_opens(page: Page):
    response = page.goto("/api/docs", wait_until="load")
    assert response is not None
    assert response.status == 200
    page.get_by_text("/api/v1/sms").first.wait_for()


def test_a_key_is_typed_once_and_never_shown_again(page: Page, house: House):
    page.goto(reverse("admin:gateways_key_add"))
    page.locator("select[name=label]").select_option(str(house.label.pk), force=True)
    page.locator("select[name=kind]").select_option("smartico", force=True)
    secret = page.locator("[name=secret]")
    secret.fill("typed-into-the-form-1234567890")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(lambda url: "/add/" not in url)
    assert "typed-into-the-form" not in page.content()
    answer = house.post(headers={"Authorization": "typed-into-the-form-1234567890"})
    assert answer["error_code"] == 0
