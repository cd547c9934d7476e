"""Fixtures that every part of the suite shares."""

import pytest

from gateways import configuration


@pytest.fixture(autouse=True)
def _no_configuration_of_another_test():
    configuration.forget_now()
    yield
    configuration.forget_now()
