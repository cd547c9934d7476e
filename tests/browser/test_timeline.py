"""A message's timeline in a browser, while the message is on its way."""

from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from callbacks.lanes import due_lanes
from callbacks.models import CallbackDelivery
from gateway_project.lib.draining import run
from gateway_project.lib.vocabulary import Channel
from messages_app.models import InboxEntry, Message, State
from tests.factories import GatewayFactory
from tests.messages_app.house import House, build_house
from tests.peers import Answer, HttpPeer, http_peer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SHOWN_WITHIN = 10_000
NOBODY_LISTENS = {"host": "127.0.0.1", "port": 9, "security": "none"}


@pytest.fixture
def smartico() -> Iterator[HttpPeer]:
    with http_peer() as peer:
        peer.respond = lambda asked: Answer(body='{"error_code": 0}')
        yield peer


@pytest.fixture
def message(smartico: HttpPeer, db: None) -> Message:
    """Accepted for a brand whose own mail server is away."""
    house: House = build_house(callback_hosts=[smartico.url])
    GatewayFactory(
        label=house.label,
        brand=house.brand,
        channel=Channel.EMAIL,
        provider="smtp",
        config=NOBODY_LISTENS,
        name="The brand's own server",
    )
    return house.accepted(Channel.EMAIL, callback_url=f"{smartico.url}/cb")


def open_page(page: Page, message: Message) -> None:
    page.goto(reverse("admin:messages_app_message_change", args=[message.pk]))


def send(message: Message) -> None:
    message.refresh_from_db()
    run("send", str(message.gateway_id), linger=0)


def tell_smartico() -> None:
    CallbackDelivery.objects.update(due_at=Message.objects.get().created_at)
    for lane in due_lanes():
        run("report", lane, linger=0.1)


def shows(page: Page, words: str) -> None:
    expect(page.locator("#story")).to_contain_text(words, timeout=SHOWN_WITHIN)


def test_the_page_follows_a_message_that_fails_over_is_delivered_and_called_back(
    page: Page, message: Message, smartico: HttpPeer
):
    open_page(page, message)
    shows(page, "Waits for try 1")
    send(message)
    shows(page, "Try 1 at The brand's own server")
    shows(page, "Waits for try 2")
    send(message)
    shows(page, "Learnt that it was accepted")
    InboxEntry.objects.update(due_at=message.created_at)
    run("inbox", "all", linger=0)
    shows(page, "Learnt that it was delivered")
    tell_smartico()
    shows(page, "Told Smartico: delivered")
    expect(page.locator("#story[hx-get]")).to_have_count(0, timeout=SHOWN_WITHIN)
    assert [asked.query["status"] for asked in smartico.asked] == ["accepted", "delivered"]
    titles = page.locator(".timeline-words p:first-child").all_inner_texts()
    assert titles[0] == "Accepted from Smartico"
    assert len(titles) == 8


def test_callbacks_are_replayed_from_the_page_and_asked_back_first(
    page: Page, message: Message, smartico: HttpPeer
):
    send(message)
    send(message)
    tell_smartico()
    open_page(page, message)
    page.get_by_role("button", name="Replay callbacks").click()
    expect(page.locator("main, #main").first).to_contain_text("Of 1 messages Smartico is told")
    page.get_by_role("button", name="Replay callbacks").click()
    shows(page, "Smartico is owed: accepted")
    assert CallbackDelivery.objects.owed().count() == 1


def test_an_unknown_outcome_is_settled_from_the_page(page: Page, message: Message):
    Message.objects.update(state=State.UNKNOWN, due_at=None)
    open_page(page, message)
    shows(page, "A person's word is waited for")
    page.get_by_role("button", name="Count as sent").click()
    page.get_by_role("button", name="Count as sent").click()
    shows(page, "counted as sent by a person")
    assert Message.objects.get().state == State.SENT


def test_the_list_is_narrowed_by_a_span_of_time(page: Page, message: Message):
    page.goto(reverse("admin:messages_app_message_changelist"))
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    page.locator("a", has_text="Filters").click()
    page.get_by_label("To", exact=True).fill("2020-01-01T00:00")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**until=2020*")
    expect(page.locator("#result_list")).to_have_count(0)
