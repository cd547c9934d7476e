"""What a list may be asked for in its address: nothing that no page shows."""

import pytest
from django.test import Client

from tests.back_office.people import browser_of, person_with
from tests.factories import EndUserFactory, KeyFactory, LabelFactory


@pytest.fixture
def support(db: None) -> Client:
    return browser_of(person_with("support"))


@pytest.mark.parametrize(
    "asked",
    [
        *("users/enduser/?sealed_properties__startswith=Z", "users/enduser/?ext_user_id__gt=z"),
        *("users/enduser/?email_index=0", "users/enduser/?label__directory__url__gt=h"),
        *("gateways/label/?directory__headers__key__gt=s", "gateways/key/?digest__startswith=0"),
        *("gateways/gateway/?token_digest__gt=0", "messages_app/message/?fingerprint=0"),
        *("messages_app/message/?end_user=0", "callbacks/callbackdelivery/?message__uid=0"),
    ],
)
def test_a_list_is_not_sieved_by_a_column_without_a_filter(support, asked):
    assert support.get(f"/admin/{asked}").status_code == 400


@pytest.mark.parametrize(
    "asked",
    [
        *("users/enduser/?id__in={user}", "users/enduser/?label__id__exact={label}"),
        *(
            "users/enduser/?label_id={label}",
            "gateways/key/?state=live",
            "gateways/key/?kind=smartico",
        ),
    ],
)
def test_it_is_narrowed_by_keys_and_by_its_filters(support, asked):
    label = LabelFactory()
    user, _key = EndUserFactory(label=label), KeyFactory(label=label)
    page = support.get(f"/admin/{asked.format(user=user.pk, label=label.pk)}")
    assert page.context["cl"].result_count == 1
