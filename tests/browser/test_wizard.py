"""The creation wizard in a browser: a gateway of every channel, with real peers to connect to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import Page, expect

from gateways.models import Gateway, Label
from tests.factories import LabelFactory
from tests.gateways.providers.mail_peer import mail_peer
from tests.peers import Answer, http_peer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CANARY = "typed-canary-of-a-secret"
LIST = reverse("admin:gateways_gateway_changelist")
Typed = dict[str, str]


@contextmanager
def smtp() -> Iterator[Typed]:
    with mail_peer() as peer:
        yield {"host": "127.0.0.1", "port": str(peer.port), "security": "none"}


@contextmanager
def webex_connect() -> Iterator[Typed]:
    refusal = Answer(status=400, body={"code": "7004", "message": "no destination"})
    with http_peer(lambda asked: refusal) as peer:
        yield {"base_url": peer.url, "service_key": CANARY}


@contextmanager
def custom_im_http() -> Iterator[Typed]:
    with http_peer() as peer:
        yield {"url": peer.url, "authorization": CANARY}


@contextmanager
def sandbox() -> Iterator[Typed]:
    yield {}


FROM = {"email": "Amazing <noreply@amazing.example>", "custom_im": ""}
DESK, PHONE = (1400, 900), (390, 844)
on_a_desk = pytest.mark.parametrize("page", [DESK], indirect=True, ids=["desktop"])
ACCOUNTS: list[tuple[tuple[int, int], str, Callable[[], object]]] = [
    (DESK, "email", smtp),
    (PHONE, "email", smtp),
    (PHONE, "sms", webex_connect),
    (DESK, "viber", sandbox),
    (PHONE, "whatsapp", sandbox),
    (DESK, "rcs", sandbox),
    (DESK, "custom_im", custom_im_http),
]


@pytest.fixture
def label(db) -> Label:
    return LabelFactory(name="Amazing", filter_properties=["country"])


def choose(page: Page, channel: str, provider: str) -> Gateway:
    """From the list to the first screen of a new draft."""
    page.goto(f"{LIST}?kind={'mail' if channel == 'email' else 'im'}")
    page.get_by_role("link", name="Create").click()
    page.locator(f"input[value='{channel}:{provider}']").check()
    go_on(page)
    expect(page.get_by_role("heading", name="Conditions")).to_be_visible()
    return Gateway.objects.get(is_draft=True)


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Next").click()


def fill_in(page: Page, typed: Typed) -> None:
    for name, value in typed.items():
        field = page.locator(f"[name=config_{name}]")
        is_choice = field.evaluate("field => field.tagName === 'SELECT'")
        field.select_option(value) if is_choice else field.fill(value)


@pytest.mark.parametrize(("page", "channel", "account"), ACCOUNTS, indirect=["page"])
def test_a_gateway_is_created(page: Page, label: Label, channel, account):
    choose(page, channel, account.__name__)
    page.get_by_label("Name").fill("A new gateway")
    page.get_by_label("Only where country is").fill("DE\nAT")
    go_on(page)
    with account() as typed:
        fill_in(page, typed)
        page.get_by_role("button", name="Check connection").click()
        expect(page.locator("#finding")).to_contain_text("Connected")
    go_on(page)
    if channel != "custom_im":
        page.get_by_label('Default "From"').fill(FROM.get(channel, "Amazing"))
        go_on(page)
    expect(page.get_by_text("DE, AT")).to_be_visible()
    assert CANARY not in page.content()
    page.get_by_role("button", name="Create gateway").click()
    expect(page.get_by_text("A new gateway is active.")).to_be_visible()
    gateway = Gateway.objects.get()
    assert (gateway.is_active, gateway.is_draft, gateway.slug) == (True, False, "a-new-gateway")
    assert gateway.filters == {"country": ["DE", "AT"]}
    assert gateway.from_default == FROM.get(channel, "Amazing")


@on_a_desk
def test_back_reload_and_a_second_tab_lose_and_leak_nothing(page: Page, label: Label):
    draft = choose(page, "sms", "webex_connect")
    page.get_by_label("Name").fill("SMS Germany")
    go_on(page)
    fill_in(page, {"base_url": "https://api.example.com", "service_key": CANARY})
    go_on(page)
    page.get_by_label('Default "From"').fill("Amazing")
    page.get_by_role("button", name="Back").click()
    expect(page.locator("[name=config_base_url]")).to_have_value("https://api.example.com")
    expect(page.locator("[name=config_service_key]")).to_have_value("")
    expect(page.get_by_text("Saved, and not shown.")).to_be_visible()
    page.go_back()
    expect(page.get_by_label('Default "From"')).to_have_value("Amazing")
    page.reload()
    expect(page.get_by_label('Default "From"')).to_have_value("Amazing")
    second = page.context.new_page()
    second.goto(f"{LIST}?kind=im")
    second.get_by_role("link", name="Continue").click()
    expect(second.get_by_text("SMS Germany").first).to_be_visible()
    assert CANARY not in second.content()
    second.get_by_role("button", name="Create, not active yet").click()
    expect(second.get_by_text("not active yet")).to_be_visible()
    go_on(page)
    expect(page.get_by_text("SMS Germany was created already.")).to_be_visible()
    assert CANARY not in str([session.get_decoded() for session in Session.objects.all()])
    draft.refresh_from_db()
    assert not draft.is_active


@on_a_desk
def test_what_was_typed_is_not_left_behind_unasked(page: Page, label: Label):
    choose(page, "sms", "webex_connect")
    page.get_by_label("Name").press_sequentially("SMS")
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_role("link", name="Finish later").click()
    page.wait_for_url(lambda url: "kind=im" in url)
    assert asked == ["beforeunload"]


def test_the_three_screens_are_tabs_that_a_keyboard_reaches(page: Page, label: Label):
    gateway = Gateway.objects.create(
        label=label, slug="sms", name="SMS", channel="sms", provider="sandbox", config={}
    )
    page.goto(reverse("admin:gateways_gateway_change", args=[gateway.pk]))
    tab = page.get_by_role("button", name='"From" config')
    tab.focus()
    page.keyboard.press("Enter")
    field = page.get_by_label('Default "From"')
    expect(field).to_be_visible()
    field.fill("Amazing")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(lambda url: "change" not in url)
    gateway.refresh_from_db()
    assert gateway.from_default == "Amazing"
