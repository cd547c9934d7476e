"""The set-up sheet in a browser, and its lines in a shell."""

import json
import subprocess
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from gateway_project.lib.vocabulary import Channel
from messages_app.models import Message
from tests.factories import CALLBACK_URL, TemplateFactory, TemplateFieldFactory
from tests.messages_app.house import House, build_house

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CALLS = "#sheet-calls pre"


@pytest.fixture
def house(db, settings, live_server) -> House:
    settings.PUBLIC_URL = live_server.url
    house = build_house(required_headers={"X-Smartico": "it's"})
    template = TemplateFactory(label=house.label, slug="mine")
    TemplateFieldFactory(template=template, required=True)
    return house


def open_sheet(page: Page, house: House) -> None:
    page.goto(reverse("admin:gateways_label_sheet", args=[house.label.pk]))


def fill_in(page: Page, house: House) -> None:
    page.get_by_label("ext_user_id", exact=True).fill(house.user.ext_user_id)
    page.get_by_label("To address of the preview mail").fill("me@amazing.co")
    page.get_by_label("callback_url").fill(CALLBACK_URL)
    page.get_by_label("X-Smartico", exact=True).fill("it's")
    page.get_by_role("button", name="Put a test key").click()
    expect(page.locator(CALLS).first).not_to_contain_text("<Authorization>")
    expect(page.locator(CALLS).last).not_to_contain_text("<X-Smartico>")


def pasted(command: str) -> dict[str, object]:
    """What the shell shows of a pasted line."""
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True, timeout=30)  # noqa: S603, S607
    return json.loads(done.stdout)


def test_every_line_works_when_it_is_pasted(page: Page, house: House):
    house.user.ext_user_id = 'o\'brien "$HOME" \\n'
    house.user.save()
    open_sheet(page, house)
    fill_in(page, house)
    commands = page.locator(CALLS).all_inner_texts()
    assert len(commands) == len(Channel) + 1
    answers = [pasted(command) for command in commands]
    assert [answer["error_code"] for answer in answers] == [0] * len(commands)
    assert Message.objects.count() == len(commands)


def test_what_is_typed_is_sent_nowhere(page: Page, house: House):
    sent = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data}"))
    open_sheet(page, house)
    fill_in(page, house)
    assert any("test=yes" in line for line in sent)
    assert not [line for line in sent if house.user.ext_user_id in line]
    assert not [line for line in sent if urlsplit(CALLBACK_URL).hostname in line]


def test_a_secret_is_shown_once(page: Page, house: House):
    page.on("dialog", lambda dialog: dialog.accept())
    open_sheet(page, house)
    page.get_by_role("button", name="Make a key").click()
    made = page.locator("#made-secret").inner_text()
    assert len(made) >= 43
    page.get_by_role("button", name="Put a test key").click()
    expect(page.locator(CALLS).first).not_to_contain_text("<Authorization>")
    page.reload()
    expect(page.locator(CALLS).first).to_contain_text("<Authorization>")
    assert made not in page.content()


def test_on_paper_there_is_the_sheet_and_nothing_else(page: Page, house: House):
    open_sheet(page, house)
    page.emulate_media(media="print")
    expect(page.get_by_text("4. Your own notification centre")).to_be_visible()
    for hidden in ("#nav-sidebar", "#header-inner", "#sheet-calls", ".copy-button >> nth=0"):
        expect(page.locator(hidden)).to_be_hidden()
