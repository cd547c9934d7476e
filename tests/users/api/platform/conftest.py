import pytest
from django.core.cache import cache

from gateways.models import Label
from tests.factories import BrandFactory, LabelFactory
from tests.platform_caller import platform_key


@pytest.fixture(autouse=True)
def _nothing_cached():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def label(db) -> Label:
    label = BrandFactory(slug="a", label=LabelFactory()).label
    platform_key(label)
    return label


@pytest.fixture
def brand(label):
    return label.brands.get()


@pytest.fixture
def other_brand(label):
    """The brand that the brand's key is not bound to."""
    return BrandFactory(slug="b", label=label)


@pytest.fixture
def brand_key(label, brand):
    return platform_key(label, brand)
