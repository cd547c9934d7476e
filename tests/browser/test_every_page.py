"""Every page of the back office with a week's data: on a desk and on a phone, by day and night.

None of them complains to the console, asks for what is not there, runs out of a phone's width, or
shuts anybody out.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.accessibility import ALL, ALL_BUT_COLOURS, COLOURS_ONLY, findings
from tests.browser.conftest import listen
from tests.realistic.pages import routes
from tests.realistic.serving import Served, served

pytestmark = pytest.mark.browser

DESK = {"width": 1400, "height": 900}
PHONE = {"width": 390, "height": 844}
DARKEN = "document.documentElement.classList.add('dark')"
OVERHANG = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[Served]:
    """The realistic house, which nothing here changes: all tests share it."""
    with served(tmp_path_factory.mktemp("realistic")) as house:
        yield house


@pytest.fixture(scope="module")
def tab(browser, house) -> Iterator[Page]:
    """A tab of an administrator who is logged in."""
    context = browser.new_context(base_url=house.url, viewport=DESK, reduced_motion="reduce")
    context.add_cookies([house.cookie()])
    yield context.new_page()
    context.close()


@pytest.fixture
def heard(tab) -> Iterator[list[str]]:
    """What the browser complains about on this page."""
    complaints: list[str] = []
    stop = listen(tab, complaints)
    yield complaints
    stop()


def open_page(tab: Page, house: Served, route: str, viewport: dict[str, int]) -> None:
    path = house.paths.get(route)
    if path is None:
        pytest.skip("no page of its own, or there is no row that it could be about")
    tab.set_viewport_size(viewport)
    response = tab.goto(path, wait_until="load")
    assert response is not None
    assert response.status == 200, path


@pytest.mark.parametrize("route", routes())
def test_a_page_is_good_on_a_desk_by_day_and_night(tab, house, heard, route):
    open_page(tab, house, route, DESK)
    assert findings(tab, ALL) == []
    tab.evaluate(DARKEN)
    assert findings(tab, COLOURS_ONLY) == []
    assert heard == []


@pytest.mark.parametrize("route", routes())
def test_a_page_is_good_on_a_phone(tab, house, heard, route):
    open_page(tab, house, route, PHONE)
    assert tab.evaluate(OVERHANG) <= 0
    assert findings(tab, ALL_BUT_COLOURS) == []
    assert heard == []
