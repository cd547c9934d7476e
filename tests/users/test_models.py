import pytest
from tests.factories import EndUserFactory
from users.models import EndUser
from gateways import configuration
from tests.factories import GatewayFactory

@pytest.mark.django_db
def test_addresses_come_back_from_the_database():
    user = EndUserFactory(email="Jo@Example.com", phone="0151 12345678")
    again = EndUser.objects.get(pk=user.pk)
    assert again.email.reveal() == "Jo@Example.com"
    assert again.address("sms").reveal() == "+4915112345678"
    assert "Example" not in repr(again.email)
    g = GatewayFactory(label=user.label, config={"a": 1})
    c = configuration.current()
    assert c.gateways[g.pk].config.reveal() == {"a": 1}
