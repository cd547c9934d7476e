import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from gateways.models import ConfigurationVersion, Gateway
from tests.factories import BrandFactory, GatewayFactory, LabelFactory, MessageFactory
from tests.gateways.admin.conftest import errors_of, filled_in

CANARY = "canary-of-a-secret"
LIST = reverse("admin:gateways_gateway_changelist")
ADD = reverse("admin:gateways_gateway_add")


def page(gateway: Gateway) -> str:
    return reverse("admin:gateways_gateway_change", args=[gateway.pk])


@pytest.fixture
def sms(db: None) -> Gateway:
    config = {"base_url": "https://api.example.com/v2", "service_key": "kept-canary"}
    label = LabelFactory(filter_properties=["country", "market"])
    return GatewayFactory(label=label, provider="webex_connect", config=config)


def save(client, gateway: Gateway, **changes):
    answer = client.post(page(gateway), filled_in(client, page(gateway), **changes))
    gateway.refresh_from_db()
    return answer


def test_a_new_gateway_is_inactive_and_goes_on_to_its_providers_form(operator):
    label = LabelFactory()
    new = {"label": label.pk, "name": "SMS", "slug": "sms", "channel": "sms"}
    answer = operator.post(ADD, {**new, "provider": "webex_connect", "brand": ""})
    gateway = Gateway.objects.get()
    assert answer.url == page(gateway)
    assert not gateway.is_active
    assert "config_service_key" in operator.get(answer.url).content.decode()


def test_a_new_gateway_needs_a_channel_of_its_provider_and_a_brand_of_its_label(operator):
    brand = BrandFactory()
    new = {"label": LabelFactory().pk, "name": "Mail", "slug": "mail", "channel": "sms"}
    answer = operator.post(ADD, {**new, "provider": "smtp", "brand": brand.pk})
    assert set(errors_of(answer)) == {"channel", "brand"}


def test_the_whole_form_is_saved(operator, sms):
    brand = BrandFactory(label=sms.label)
    answer = save(
        operator,
        sms,
        brand=brand.pk,
        filter_country="DE\n AT \n\nDE",
        config_service_key=CANARY,
        from_default="Amazing",
        from_allowed="Amazing\nAmazingVIP",
        rate_per_second="50",
    )
    assert errors_of(answer) == {}
    assert sms.config.reveal()["service_key"] == CANARY
    assert sms.config.reveal()["base_url"] == "https://api.example.com/v2"
    assert sms.filters == {"country": ["DE", "AT"]}
    assert (sms.brand, sms.from_allowed) == (brand, ["Amazing", "AmazingVIP"])
    assert sms.rate_per_second == 50


def test_a_secret_that_is_left_empty_stays_as_it_is(operator, sms):
    save(operator, sms, config_base_url="https://api.example.com/v3")
    assert sms.config.reveal() == {
        **{"base_url": "https://api.example.com/v3", "service_key": "kept-canary"}
    }


def test_saving_without_a_change_does_not_write_the_secrets_again(operator, sms):
    def sealed():
        return str(Gateway.objects.values_list("config", flat=True).get())

    before = sealed()
    assert errors_of(save(operator, sms, name="Another name")) == {}
    assert sms.name == "Another name"
    assert sealed() == before


def test_a_saved_secret_is_on_no_page_and_not_in_the_history(operator, sms):
    answer = save(operator, sms, config_service_key=CANARY)
    urls = [LIST, page(sms), reverse("admin:gateways_gateway_history", args=[sms.pk])]
    shown = [answer.content, *(operator.get(url, follow=True).content for url in urls)]
    assert not [content for content in shown if b"canary" in content]
    [entry] = LogEntry.objects.all()
    assert entry.get_change_message() == "Changed Service key."


def test_a_refused_form_does_not_repeat_the_secrets_that_were_typed(operator):
    gateway = GatewayFactory(channel="custom_im", provider="custom_im_http")
    answer = save(
        operator,
        gateway,
        config_url="no url",
        config_authorization=CANARY,
        config_headers=f'{{"X-Token": "{CANARY}"}}',
    )
    assert "config_url" in errors_of(answer)
    assert CANARY not in answer.content.decode()


def test_a_configuration_that_the_provider_refuses_is_told_at_its_field(operator):
    gateway = GatewayFactory(channel="email", provider="smtp")
    answer = save(operator, gateway, config_host="mail.example.com", config_username="only")
    assert errors_of(answer)
    assert gateway.config.reveal() == {}


def test_headers_are_typed_as_json_and_kept(operator):
    gateway = GatewayFactory(channel="custom_im", provider="custom_im_http")
    changes = {"config_url": "https://n.example.com/", "config_authorization": CANARY}
    answer = save(operator, gateway, **changes, config_headers='{"X-A": "b"}')
    assert errors_of(answer) == {}
    save(operator, gateway, name="Another")
    assert gateway.config.reveal()["headers"] == {"X-A": "b"}


def test_a_brand_of_another_label_is_not_offered(operator, sms):
    other = BrandFactory()
    assert set(errors_of(save(operator, sms, brand=other.pk))) == {"brand"}


def test_label_provider_and_channel_stay_what_they_were(operator, sms):
    save(operator, sms, provider="sandbox", channel="email", label=LabelFactory().pk)
    assert (sms.provider, sms.channel) == ("webex_connect", "sms")


def test_the_second_of_two_people_is_told_what_the_first_one_changed(operator, sms):
    mine = filled_in(operator, page(sms), name="Mine")
    save(operator, sms, name="Theirs", config_service_key=CANARY)
    answer = operator.post(page(sms), mine)
    [text] = errors_of(answer)["__all__"]
    assert text == "Changed by somebody else meanwhile: name, config. Save again to overwrite that."
    sms.refresh_from_db()
    assert sms.name == "Theirs"
    again = {**mine, "seen": answer.context["adminform"].form["seen"].value()}
    assert errors_of(operator.post(page(sms), again)) == {}
    sms.refresh_from_db()
    assert (sms.name, sms.config.reveal()["service_key"]) == ("Mine", CANARY)


def test_a_pause_meanwhile_disturbs_nobody_and_is_kept(operator, sms):
    mine = filled_in(operator, page(sms), name="Mine")
    Gateway.objects.update(is_paused=True, paused_because="401")
    assert errors_of(operator.post(page(sms), mine)) == {}
    sms.refresh_from_db()
    assert (sms.name, sms.is_paused, sms.paused_because) == ("Mine", True, "401")


def test_a_gateway_is_paused_and_resumed_and_the_history_tells(operator, sms):
    Gateway.objects.update(is_paused=True, paused_because="401")
    version = ConfigurationVersion.read()
    act = {"_selected_action": [sms.pk]}
    operator.post(LIST, {**act, "action": "resume"})
    sms.refresh_from_db()
    assert (sms.is_paused, sms.paused_because) == (False, "")
    assert ConfigurationVersion.read() > version
    operator.post(LIST, {**act, "action": "pause"})
    sms.refresh_from_db()
    assert sms.is_paused
    assert [str(entry) for entry in LogEntry.objects.order_by("pk")] == [
        f"Changed “{sms}” — Resumed.",
        f"Changed “{sms}” — Paused.",
    ]


def test_a_reader_is_offered_no_action(reader, sms):
    reader.post(LIST, {"_selected_action": [sms.pk], "action": "pause"})
    sms.refresh_from_db()
    assert not sms.is_paused


def test_a_gateway_with_messages_is_not_deleted(operator):
    gateway = MessageFactory().gateway
    operator.post(reverse("admin:gateways_gateway_delete", args=[gateway.pk]), {"post": "yes"})
    operator.post(
        LIST, {"_selected_action": [gateway.pk], "action": "delete_selected", "post": "yes"}
    )
    assert Gateway.objects.filter(pk=gateway.pk).exists()


def test_a_deletion_is_seen_by_every_process(operator, sms):
    version = ConfigurationVersion.read()
    act = {"_selected_action": [sms.pk], "action": "delete_selected", "post": "yes"}
    operator.post(LIST, act)
    assert not Gateway.objects.exists()
    assert ConfigurationVersion.read() > version
