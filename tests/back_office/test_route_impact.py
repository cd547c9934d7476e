import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from gateway_project.lib.vocabulary import Channel
from gateways.models import Gateway, StaffLimit
from tests.factories import BrandFactory, GatewayFactory, LabelFactory, MessageFactory
from tests.messages_app.house import House, build_house


@pytest.fixture
def house(db) -> House:
    """A house with three messages behind it, sent by the only gateway."""
    house = build_house()
    sms = house.gateways[Channel.SMS]
    for _ in range(3):
        MessageFactory(label=house.label, gateway=sms, brand=house.brand, end_user=house.user)
    return house


@pytest.fixture
def staff(client, db):
    client.force_login(User.objects.create_superuser("staff"))
    return client


def ask(client, gateway: Gateway, **typed):
    return client.post(reverse("admin:route_impact", args=[gateway.pk]), typed)


def moves(answer) -> list[tuple[str | None, str | None, int]]:
    return [
        (move.before and move.before.name, move.after and move.after.name, move.count)
        for move in answer.context["impact"].moves
    ]


def text_of(answer) -> str:
    return " ".join(answer.content.decode().split())


def test_it_says_how_many_would_have_gone_another_way(staff, house):
    own = GatewayFactory(label=house.label, is_active=False)
    answer = ask(staff, own, brand=house.brand.pk, filter_country="AT\nde", is_active="on")
    assert moves(answer) == [(house.gateways[Channel.SMS].name, own.name, 3)]
    assert "would have moved 3 of the last 3 messages" in text_of(answer)


def test_a_draft_counts_as_it_would_once_it_is_active(staff, house):
    draft = GatewayFactory(label=house.label, is_active=False, is_draft=True)
    assert moves(ask(staff, draft, brand=house.brand.pk))[0][2] == 3
    assert moves(ask(staff, draft, brand=house.brand.pk, filter_country="AT")) == []


def test_an_unticked_gateway_takes_nothing(staff, house):
    sms = house.gateways[Channel.SMS]
    assert moves(ask(staff, sms)) == [(sms.name, None, 3)]
    answer = ask(staff, GatewayFactory(label=house.label, brand=house.brand, is_active=False))
    assert "would have moved none of the last 3 messages" in text_of(answer)


def test_a_filter_that_the_form_does_not_have_stays(staff, house):
    draft = GatewayFactory(
        label=house.label, is_active=False, is_draft=True, filters={"market": ["north"]}
    )
    assert moves(ask(staff, draft, brand=house.brand.pk)) == []
    assert moves(ask(staff, draft, brand=house.brand.pk, filter_market=""))[0][2] == 3


def test_without_messages_it_says_so(staff, house):
    assert "yet, so nothing would" in text_of(ask(staff, house.gateways[Channel.RCS]))


def test_nothing_is_saved(staff, house):
    sms = house.gateways[Channel.SMS]
    ask(staff, sms, brand=house.brand.pk, filter_country="AT")
    stored = Gateway.objects.get(pk=sms.pk)
    assert (stored.brand, stored.filters, stored.is_active) == (None, {}, True)


@pytest.mark.parametrize("brand", ["x", "999999"])
def test_a_brand_that_is_not_the_labels_is_refused(staff, house, brand):
    answer = ask(staff, house.gateways[Channel.SMS], brand=brand)
    assert "Choose a brand of this label." in text_of(answer)
    other = BrandFactory(label=LabelFactory())
    assert "impact" not in ask(staff, house.gateways[Channel.SMS], brand=other.pk).context


def test_another_labels_gateway_is_not_there(client, house):
    person = User.objects.create_superuser("limited")
    StaffLimit.objects.create(user=person).labels.add(LabelFactory())
    client.force_login(person)
    assert ask(client, house.gateways[Channel.SMS]).status_code == 404


def test_it_is_for_those_who_may_change_gateways(client, house):
    person = User.objects.create_user("reader", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename="view_gateway"))
    client.force_login(person)
    assert ask(client, house.gateways[Channel.SMS]).status_code == 403


def test_it_is_never_a_get(staff, house):
    url = reverse("admin:route_impact", args=[house.gateways[Channel.SMS].pk])
    assert staff.get(url).status_code == 405
    assert staff.post(reverse("admin:route_impact", args=[999999])).status_code == 404
