"""The blast guard's tab, as a person looks at it: on a desk and on a phone."""

from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from gateway_project.lib.clock import database_now
from messages_app.counting.adding import add
from messages_app.guarding.reading import hour_of
from messages_app.models import Measure, Span, Tally
from tests.factories import GatewayFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOUR = timedelta(hours=1)


@pytest.fixture
def gateway(db):
    """A gateway with four weeks behind it, whose present hour is beyond all of them."""
    gateway = GatewayFactory(name="SMS Germany", guard_is_on=True)
    known = {"label_id": gateway.label_id, "gateway_id": gateway.pk, "channel": "sms"}
    hour = hour_of(database_now())
    counts = {back: 3_000 + 500 * ((hour - back * HOUR).hour % 12) for back in range(1, 672)}
    counts[0] = 120_000
    add(
        Tally(**known, start=hour - back * HOUR, span=Span.HOUR, measure=measure, count=count)
        for back, count in counts.items()
        for measure in (Measure.ACCEPTED, Measure.SENT)
    )
    return gateway


def test_what_is_usual_and_what_goes_beyond_it_is_seen(page: Page, gateway):
    page.goto(reverse("admin:gateways_gateway_change", args=[gateway.pk]))
    page.get_by_role("button", name="Blast guard").click()
    drawn = page.get_by_role("img", name="120,000 messages this hour")
    expect(drawn).to_be_visible()
    expect(drawn.locator(".guard-over")).to_have_count(1)
    expect(page.get_by_text("are too many").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
