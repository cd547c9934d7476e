"""The designer of Custom IM templates in a browser."""

import json

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from gateways.models import Template
from tests.factories import LabelFactory, TemplateFactory, TemplateFieldFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def sample_of(page: Page) -> dict[str, object]:
    return json.loads(page.locator("#sample-payload").inner_text())["extension"]


def names(template: Template) -> list[str]:
    return list(template.fields.order_by("position").values_list("name", flat=True))


def test_a_template_is_designed_from_nothing(page: Page):
    label = LabelFactory(name="Amazing")
    page.goto(reverse("admin:gateways_template_add"))
    page.locator("select[name=label]").select_option(str(label.pk), force=True)
    page.locator("input[name=name]").fill("My custom messenger")
    page.locator("input[name=slug]").fill("my-messenger")
    page.get_by_role("button", name="Add a field").click()
    page.locator("[name=fields-0-name]").fill("action")
    expect(page.locator("[name=fields-0-choices]")).to_be_hidden()
    page.locator("[name=fields-0-type]").select_option("choice")
    page.locator("[name=fields-0-choices]").fill("BUY\nSELL")
    page.get_by_role("button", name="Add a field").click()
    page.keyboard.type("urgent")
    page.locator("[name=fields-1-type]").select_option("boolean")
    expect(page.locator("#sample-payload")).to_contain_text('"urgent": true')
    assert list(sample_of(page)) == ["action", "urgent"]
    page.get_by_role("button", name="Move up").nth(1).press("Enter")
    expect(page.locator("#smartico-ticket")).to_contain_text("1. urgent")
    assert list(sample_of(page)) == ["urgent", "action"]
    expect(page.locator("#smartico-ticket")).to_contain_text("/api/v1/custom-im/my-messenger")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(lambda url: "/add/" not in url)
    assert names(Template.objects.get()) == ["urgent", "action"]


def test_saved_fields_are_moved_and_taken_out(page: Page):
    template = TemplateFactory()
    for position, name in enumerate(["title", "picture", "text"]):
        TemplateFieldFactory(template=template, position=position, name=name)
    page.goto(reverse("admin:gateways_template_change", args=[template.pk]))
    page.get_by_role("button", name="Move down").first.click()
    page.get_by_role("checkbox", name="Remove").last.check(force=True)
    expect(page.locator("#sample-payload")).not_to_contain_text('"text"')
    assert list(sample_of(page)) == ["picture", "title"]
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(lambda url: "/change/" not in url)
    assert names(template) == ["picture", "title"]


def test_the_schema_that_is_shown_is_downloaded(page: Page):
    template = TemplateFieldFactory().template
    page.goto(reverse("admin:gateways_template_change", args=[template.pk]))
    shown = page.locator("#json-schema").inner_text()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download", exact=True).click()
    assert download.value.path().read_text() == shown


def test_a_text_is_copied_or_selected(page: Page):
    template = TemplateFieldFactory().template
    page.goto(reverse("admin:gateways_template_change", args=[template.pk]))
    button = page.locator("[data-copy=smartico-ticket]")
    button.click()
    expect(button).to_contain_text("Copied")
