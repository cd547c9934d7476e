"""Fixtures that every part of the suite shares."""

import pytest
from hypothesis import HealthCheck, settings

from gateways import callers, configuration

# A busy machine is no failure.
settings.register_profile("gatehouse", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gatehouse")


@pytest.fixture(autouse=True)
def _nothing_kept_from_another_test():
    configuration.forget_now()
    callers.forget_uses()
    yield
    configuration.forget_now()
