import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from gateway_project.lib.fields import Ciphertext
from gateway_project.lib.vocabulary import Channel
from gateways.models import StaffLimit
from tests.factories import BrandFactory, EndUserFactory, GatewayFactory, LabelFactory
from tests.messages_app.house import House, build_house
from users.models import EndUser
from users.suppressions import suppress

PAGE = reverse("admin:routes")
EMAIL = "canary@mailbox.example"


@pytest.fixture
def house(db) -> House:
    return build_house()


@pytest.fixture
def staff(client, db):
    client.force_login(User.objects.create_superuser("staff"))
    return client


def explain(client, house: House, **typed):
    url = reverse("admin:route_explanation", args=[house.label.pk])
    asked = {"kind": "user", "channel": "sms", "ext_user_id": house.user.ext_user_id}
    return client.post(url, asked | typed)


def explained(client, house: House, **typed):
    return explain(client, house, **typed).context["explanation"]


def hurdles(explanation) -> list[int]:
    return [hurdle.code for hurdle in explanation.hurdles]


def texts(explanation) -> list[tuple[str, str]]:
    return [(verdict.gateway.name, verdict.text) for verdict in explanation.verdicts]


def test_every_gateway_of_the_channel_is_judged_the_winner_first(staff, house):
    sms = house.gateways[Channel.SMS]
    other = GatewayFactory(label=house.label, filters={"country": ["AT"]})
    retired = GatewayFactory(label=house.label, is_active=False)
    GatewayFactory(label=house.label, is_active=False, is_draft=True)
    own = GatewayFactory(label=house.label, brand=house.brand)
    explanation = explained(staff, house)
    assert explanation.winner.id == own.pk
    assert texts(explanation) == [
        (own.name, "fits"),
        (sms.name, "fits, but a brand's own gateway wins"),
        (other.name, "the user's country is DE, not among AT"),
        (retired.name, "is not active"),
    ]
    assert hurdles(explanation) == []


def test_what_stops_the_message_is_told_with_what_to_do(staff, house):
    suppress(house.label.pk, "sms", [house.user.phone_index], "unsubscribed")
    answer = explain(staff, house)
    assert hurdles(answer.context["explanation"]) == [3]
    assert "Smartico gets error 3: The address is suppressed" in answer.content.decode()


def test_where_no_gateway_fits_the_error_is_named_last(staff, house):
    house.gateways[Channel.SMS].delete()
    house.label.is_paused = True
    house.label.save()
    assert hurdles(explained(staff, house)) == [5, 4]


def test_a_paused_winner_holds_the_message(staff, house):
    gateway = house.gateways[Channel.SMS]
    gateway.is_paused = True
    gateway.save()
    assert "held until the gateway is resumed" in explain(staff, house).content.decode()


def test_an_unknown_user_is_said_to_be_unknown_and_not_repeated(staff, house):
    answer = explain(staff, house, ext_user_id=EMAIL)
    assert hurdles(answer.context["explanation"]) == [1]
    text = answer.content.decode()
    assert "the platform has not told of this user" in text
    assert "canary" not in text


def test_a_user_is_found_by_the_labels_rule_of_ids_and_it_is_said(staff, house):
    house.label.user_ids = {"strip_prefix": "CRM-"}
    house.label.save()
    explanation = explained(staff, house, ext_user_id=f"CRM-{house.user.ext_user_id}")
    assert explanation.person.id == house.user.pk
    assert explanation.stripped_prefix == "CRM-"
    assert explained(staff, house).stripped_prefix == ""


def test_no_address_is_shown_wherever_it_hides(staff, house):
    user = EndUserFactory(
        label=house.label, ext_user_id=EMAIL, email=EMAIL, properties={"country": EMAIL}
    )
    GatewayFactory(label=house.label, filters={"country": ["AT"]}, channel="email")
    answer = explain(staff, house, ext_user_id=EMAIL, channel="email")
    text = answer.content.decode()
    assert answer.context["explanation"].person.id == user.pk
    assert "c***@m***.example" in text
    assert "canary" not in text


def test_an_address_that_does_not_open_is_told(staff, house):
    EndUser.objects.update(phone=Ciphertext("t1$damaged"))
    answer = explain(staff, house)
    assert hurdles(answer.context["explanation"]) == [50]
    assert "cannot be decrypted" in answer.content.decode()


def test_a_user_can_be_made_up(staff, house):
    own = GatewayFactory(label=house.label, brand=house.brand, filters={"country": ["AT"]})
    typed = {"kind": "made_up", "brand": house.brand.pk, "property_country": "at"}
    assert explained(staff, house, **typed).winner.id == own.pk
    typed["property_country"] = "DE"
    assert explained(staff, house, **typed).winner.id == house.gateways[Channel.SMS].pk


def test_a_preview_is_a_mail_and_no_filter_counts(staff, house):
    own = GatewayFactory(
        label=house.label, channel="email", brand=house.brand, filters={"country": ["AT"]}
    )
    explanation = explained(staff, house, kind="preview", brand=house.brand.pk, channel="sms")
    assert explanation.channel == Channel.EMAIL
    assert explanation.winner.id == own.pk


def test_a_user_id_must_be_typed(staff, house):
    assert "Type the id of an end user." in explain(staff, house, ext_user_id="").content.decode()


def test_another_labels_brand_cannot_be_chosen(staff, house):
    answer = explain(staff, house, kind="made_up", brand=BrandFactory().pk)
    assert "explanation" not in answer.context


def test_the_page_shows_a_grid_for_each_channel_with_a_gateway(staff, house):
    house.gateways[Channel.RCS].delete()
    grids = staff.get(PAGE).context["grids"]
    assert [grid.channel for grid in grids] == [row for row in Channel if row != Channel.RCS]


def test_holes_and_gateways_that_never_win_are_named(staff, house):
    sms = house.gateways[Channel.SMS]
    behind = GatewayFactory(label=house.label, filters={"country": ["DE"]})
    house.gateways[Channel.RCS].brand = house.brand
    house.gateways[Channel.RCS].save()
    answer = staff.get(PAGE)
    by_channel = {grid.channel: grid for grid in answer.context["grids"]}
    shadow = by_channel[Channel.SMS].shadowed[0]
    assert (shadow.gateway.id, [winner.id for winner in shadow.behind]) == (behind.pk, [sms.pk])
    assert by_channel[Channel.RCS].has_holes
    assert "Smartico gets error 4" in answer.content.decode()


def test_a_house_without_labels_says_so(staff):
    assert "There is no label yet" in staff.get(PAGE).content.decode()


def test_nothing_of_another_label_is_seen(client, house):
    other = House(
        label=LabelFactory(name="Secretive"), brand=None, user=EndUserFactory(), gateways={}
    )
    person = User.objects.create_superuser("limited")
    limit = StaffLimit.objects.create(user=person)
    limit.labels.add(house.label)
    client.force_login(person)
    assert "Secretive" not in client.get(PAGE).content.decode()
    assert client.get(PAGE, {"label": other.label.pk}).status_code == 404
    assert explain(client, other).status_code == 404
    assert client.get(PAGE, {"label": "x"}).status_code == 404
    limit.labels.clear()
    assert "none for you" in client.get(PAGE).content.decode()


@pytest.mark.parametrize("permission", ["view_gateway", "view_enduser"])
def test_one_of_the_two_permissions_is_not_enough(client, house, permission):
    person = User.objects.create_user("half", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename=permission))
    client.force_login(person)
    assert client.get(PAGE).status_code == 403
    assert explain(client, house).status_code == 403


def test_a_user_is_never_asked_for_by_get(staff, house):
    url = reverse("admin:route_explanation", args=[house.label.pk])
    assert staff.get(url, {"ext_user_id": "1"}).status_code == 405
