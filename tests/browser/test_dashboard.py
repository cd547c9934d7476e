"""The home page in a browser: charts are drawn, and go on without a flicker."""

import pytest
from playwright.sync_api import Page, expect

from gateway_project.lib.clock import database_now
from messages_app.counting.adding import add
from messages_app.counting.window import floor
from messages_app.models import Measure, Span, Tally
from tests.factories import GatewayFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LAST_POINT = """canvas => Chart.getChart(canvas).data.datasets[0].data.at(-1)"""


@pytest.fixture
def gateway(db):
    return GatewayFactory(name="Our gateway")


def accepted(gateway, count):
    start = floor(database_now(), Span.MINUTE)
    where = {"channel": "sms", "gateway_id": gateway.pk, "label_id": gateway.label_id}
    add([Tally(span=Span.MINUTE, start=start, measure=Measure.ACCEPTED, count=count, **where)])


def test_new_figures_come_by_themselves_and_leave_canvas_and_focus(page: Page, gateway):
    accepted(gateway, 3)
    page.goto("/admin/?range=24h")
    canvas = page.locator("#chart-sms canvas")
    expect(canvas).to_be_visible()
    assert canvas.evaluate(LAST_POINT) == 3
    canvas.evaluate("canvas => canvas.dataset.isTheSame = 'yes'")
    chosen = page.get_by_role("link", name="24 hours")
    chosen.focus()
    accepted(gateway, 1_000)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#numbers")).to_contain_text("1,003")
    expect(page.locator("#funnel-sms")).to_contain_text("1,003")
    page.wait_for_function(f"({LAST_POINT})(document.querySelector('#chart-sms canvas')) === 1003")
    assert canvas.get_attribute("data-is-the-same") == "yes"
    expect(chosen).to_be_focused()


def test_the_numbers_of_a_chart_can_be_read_as_a_table(page: Page, gateway):
    accepted(gateway, 3)
    page.goto("/admin/?range=1h")
    page.get_by_text("As a table").click()
    expect(page.locator("#table-sms tbody tr")).to_have_count(1)
    expect(page.locator("#table-sms")).to_contain_text("Delivered")


def test_its_parts_stand_side_by_side_and_the_page_is_not_wider_than_the_screen(
    page: Page, gateway
):
    accepted(gateway, 123_456_789)
    page.goto("/admin/")
    figures = page.locator("#numbers .dashboard-figure")
    assert figures.nth(0).bounding_box()["y"] == figures.nth(1).bounding_box()["y"]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
