"""Fixtures that every part of the suite shares."""

import pytest
from hypothesis import HealthCheck, settings

from gateways import configuration

# A busy machine is no failure.
settings.register_profile("gatehouse", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gatehouse")


@pytest.fixture(autouse=True)
def _no_configuration_of_another_test():
    configuration.forget_now()
    yield
    configuration.forget_now()
