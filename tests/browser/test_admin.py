"""The back office in a browser: every page opens, on a desk and on a phone, without a complaint."""

import pytest
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import Page

from gateway_project.lib.draining import run
from gateway_project.lib.vocabulary import Channel
from tests.factories import TemplateFactory, TemplateFieldFactory
from tests.messages_app.house import House, build_house

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def house(db) -> House:
    """A house in which something has happened."""
    house = build_house()
    TemplateFieldFactory(template=TemplateFactory(label=house.label))
    house.accepted(Channel.CUSTOM_IM)
    message = house.accepted(Channel.EMAIL)
    run("send", str(message.gateway_id), linger=0)
    return house


def pages(house: House) -> list[str]:
    found = ["/admin/", "/api/docs"]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        found.append(reverse(f"{name}_changelist"))
        first = model._default_manager.first()
        if first is not None:
            found.append(reverse(f"{name}_change", args=[first.pk]))
    return found


def test_every_page_opens_without_a_complaint(page: Page, house: House):
    for path in pages(house):
        response = page.goto(path, wait_until="load")
        assert response is not None
        assert response.status == 200, path


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
