"""A real browser before a real server."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from tests.browser.chromium import chromium

LEFT = "net::ERR_ABORTED"
"""A request that a page no longer waited for when it was left."""

NO_LONGER_WANTED = {"htmx:sendAbort", "htmx:afterRequest"}
"""What htmx writes about a request that was given up for a newer one, or because the page was left.

A request that fails is written about as `htmx:sendError` or `htmx:responseError`.
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Playwright runs a loop in this thread as long as it is open: other modules have it closed."""
    with pytest.MonkeyPatch.context() as patch, chromium() as running:
        # Django takes the loop for asynchronous code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield running


def log_in(context: BrowserContext, url: str) -> None:
    """Makes the browser that of an administrator."""
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    context.add_cookies([cookie | {"url": url}])


def listen(page: Page, complaints: list[str]) -> Callable[[], None]:
    """Collects what the browser complains about, and answers how to stop that."""

    def hear_failure(request: Request) -> None:
        if request.failure != LEFT:
            complaints.append(f"failed: {request.url}")

    def hear_line(line: ConsoleMessage) -> None:
        if line.type == "error" and line.text not in NO_LONGER_WANTED:
            complaints.append(line.text)

    heard = {
        "pageerror": lambda error: complaints.append(str(error)),
        "console": hear_line,
        "requestfailed": hear_failure,
    }
    for event, hear in heard.items():
        page.on(event, hear)  # type: ignore[call-overload]

    def stop() -> None:
        for event, hear in heard.items():
            page.remove_listener(event, hear)

    return stop


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complains about; empty at the end of every test."""
    return []


@pytest.fixture(params=[(1400, 900), (390, 844)], ids=["desktop", "phone"])
def page(request, browser, live_server, complaints, db) -> Iterator[Page]:
    """A page of an administrator who is logged in."""
    width, height = request.param
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": width, "height": height}
    )
    log_in(context, live_server.url)
    page = context.new_page()
    listen(page, complaints)
    yield page
    context.close()
    assert complaints == []
