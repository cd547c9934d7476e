"""A real browser before a real server."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright

from tests.services import CHROMIUM_PATH

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Playwright runs a loop in this thread as long as it is open: other modules have it closed."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Django takes the loop for asynchronous code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        running = playwright.chromium.launch(executable_path=CHROMIUM_PATH, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complains about; empty at the end of every test."""
    return []


@pytest.fixture(params=[(1400, 900), (390, 844)], ids=["desktop", "phone"])
def page(request, browser, live_server, complaints, db) -> Iterator[Page]:
    """A page of an administrator who is logged in."""
    width, height = request.param
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": width, "height": height}
    )
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    context.add_cookies([cookie | {"url": live_server.url}])
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    yield page
    context.close()
    assert complaints == []
