"""The connection check: what is typed is tried, nothing of it is saved, no secret comes back."""

from functools import partial

import pytest
from django.urls import reverse

from gateways import drafts
from gateways.models import Contact, Gateway
from tests.factories import GatewayFactory, LabelFactory
from tests.gateways.admin.conftest import filled_in, limited_operator
from tests.peers import Answer, http_peer

KEPT, TYPED = "kept-canary", "typed-canary"
EMPTY_REFUSED = Answer(status=400, body={"code": "7004", "message": "no destination"})


def check_url(gateway: Gateway) -> str:
    return reverse("admin:gateways_gateway_check", args=[gateway.pk])


@pytest.fixture
def webex():
    """Webex Connect, which knows two keys."""

    def answer(asked):
        key = asked.headers["key"]
        known = key in (KEPT, TYPED)
        return EMPTY_REFUSED if known else Answer(status=401, body={"message": f"bad {key}"})

    with http_peer(answer) as peer:
        yield peer


@pytest.fixture
def sms(db, webex) -> Gateway:
    config = {"base_url": webex.url, "service_key": KEPT}
    return GatewayFactory(provider="webex_connect", config=config)


def check(client, gateway: Gateway, **typed):
    page = reverse("admin:gateways_gateway_change", args=[gateway.pk])
    answer = client.post(check_url(gateway), filled_in(client, page, **typed))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_saved_configuration_is_tried_with_its_kept_secret_and_the_finding_kept(operator, sms):
    shown = check(operator, sms)
    assert "Connected" in shown
    contact = Contact.objects.get(gateway=sms)
    assert contact.is_connected
    assert contact.finding in shown


def test_what_was_typed_is_tried_and_nothing_of_it_is_kept(operator, sms, webex):
    assert "Connected" in check(operator, sms, config_service_key=TYPED)
    sms.refresh_from_db()
    assert sms.config.reveal()["service_key"] == KEPT
    assert not Contact.objects.exists()
    assert [asked.headers["key"] for asked in webex.asked] == [TYPED]


def test_a_wrong_key_is_told_with_what_to_do_and_not_repeated(operator, sms):
    shown = check(operator, sms, config_service_key="wrong-canary")
    assert "Not connected" in shown
    assert "Compare the URL and the credentials" in shown
    assert "canary" not in shown


def test_a_form_that_is_not_good_enough_is_not_tried(operator, sms, webex):
    shown = check(operator, sms, config_base_url="")
    assert "Base URL: This field is required." in shown
    assert not webex.asked


def test_a_kept_secret_is_tried_at_the_host_that_it_was_saved_for_alone(operator, sms, webex):
    with http_peer() as elsewhere:
        shown = check(operator, sms, config_base_url=elsewhere.url)
        assert "Service key: Type it again" in shown
        assert not [*elsewhere.asked, *webex.asked]
        check(operator, sms, config_base_url=elsewhere.url, config_service_key=TYPED)
        assert {asked.headers["key"] for asked in elsewhere.asked} == {TYPED}


def test_what_somebody_else_saves_meanwhile_does_not_matter(operator, sms):
    page = reverse("admin:gateways_gateway_change", args=[sms.pk])
    typed = filled_in(operator, page)
    Gateway.objects.update(name="Theirs")
    assert "Connected" in operator.post(check_url(sms), typed).content.decode()


def test_a_draft_is_checked_before_anything_is_saved(operator, webex):
    draft = drafts.begin(LabelFactory(), channel="sms", provider="webex_connect")
    typed = {"config_base_url": webex.url, "config_service_key": TYPED}
    assert "Connected" in operator.post(check_url(draft), typed).content.decode()
    assert not Contact.objects.exists()


def test_the_last_finding_is_on_the_page(operator, sms):
    check(operator, sms)
    page = operator.get(reverse("admin:gateways_gateway_change", args=[sms.pk]))
    assert Contact.objects.get().finding in page.content.decode()


def test_it_is_for_those_who_may_change_the_gateway_and_by_post_alone(operator, reader, sms):
    other = partial(limited_operator, LabelFactory())
    assert reader.post(check_url(sms), {"a": "b"}).status_code == 403
    assert other().post(check_url(sms), {"a": "b"}).status_code == 404
    assert operator.get(check_url(sms)).status_code == 405
