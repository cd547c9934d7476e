"""The database's own book."""

import pytest

from gateway_project.operations.drill import archive
from gateway_project.operations.drill.books import Standing
from gateways.models import Brand, Gateway, Label
from messages_app.models import Message, State
from tests.factories import BrandFactory, GatewayFactory, MessageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting():
    """A message that is due, of a brand."""
    gateway = GatewayFactory()
    brand = BrandFactory(label=gateway.label)
    now = archive.database_now()
    return MessageFactory(gateway=gateway, label=gateway.label, brand=brand, due_at=now)


def standings() -> list[Standing]:
    return [row.standing for row in archive.rows()]


def test_what_waits_and_may_go_is_queued_whether_or_not_it_has_a_brand(waiting):
    assert (standings(), archive.due(), archive.under_way()) == ([Standing.QUEUED], 1, 1)
    Message.objects.update(brand=None)
    assert (standings(), archive.due(), archive.under_way()) == ([Standing.QUEUED], 1, 1)


@pytest.mark.parametrize("holder", [Gateway, Brand, Label])
def test_what_a_paused_gateway_brand_or_label_keeps_waiting_is_held(waiting, holder):
    holder.objects.update(is_paused=True)
    assert (standings(), archive.due(), archive.under_way()) == ([Standing.HELD], 0, 0)


@pytest.mark.parametrize("holder", [Gateway, Brand, Label])
def test_what_is_held_and_is_to_expire_is_waited_for(waiting, holder):
    holder.objects.update(is_paused=True)
    Gateway.objects.update(expires_after=3)
    assert archive.under_way() == 1


def test_what_a_pause_came_too_late_for_stands_where_it_has_come_to(waiting):
    Brand.objects.update(is_paused=True)
    Message.objects.update(state=State.SENT)
    assert standings() == [Standing.SENT]
