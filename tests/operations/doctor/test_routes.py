"""Whether each brand has a gateway for each channel that is in use."""

from gateways.models import Gateway
from tests.factories import BrandFactory
from tests.operations.doctor.conftest import of_label


def test_a_gateway_of_any_brand_is_a_route_for_all(label):
    BrandFactory(label=label)
    assert of_label(label, "Route for SMS").state == "green"


def test_a_brand_without_a_gateway_is_named(label, house):
    Gateway.objects.filter(channel="sms").update(brand=house.brand)
    BrandFactory(label=label, name="Forgotten")
    finding = of_label(label, "Route for SMS")
    assert finding.state == "red"
    assert "Forgotten" in finding.text


def test_filters_leave_some_users_out(label):
    Gateway.objects.filter(channel="sms").update(filters={"country": ["DE"]})
    assert of_label(label, "Route for SMS").state == "yellow"


def test_a_label_without_gateways_sends_nothing(label):
    Gateway.objects.update(is_active=False)
    assert of_label(label, "Routes").state == "red"
