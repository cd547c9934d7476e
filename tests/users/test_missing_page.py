"""The page of missing users, and the file that it makes."""

import csv
import io

import pytest
from django.urls import reverse
from django.utils import timezone

from gateways.models import Action, AuditEntry
from tests.back_office.people import browser_of, person_with
from tests.factories import BrandFactory, EndUserFactory, LabelFactory
from users.models import Blip, MissingHour, MissingUser
from users.radar import full_hour

pytestmark = pytest.mark.django_db

LIST = reverse("admin:users_missinguser_changelist")
EXPORT = reverse("admin:users_missinguser_export")


def missing(label, *names, brand=None):
    now = timezone.now()
    for name in names:
        MissingUser.objects.create(
            label=label,
            brand=brand,
            ext_user_id=name,
            times=2,
            first_asked_at=now,
            last_asked_at=now,
        )
    MissingHour.objects.create(
        hour=full_hour(now),
        label_id=label.pk,
        brand_id=brand.pk if brand else 0,
        blip=Blip.ASKED,
        count=2 * len(names),
    )


def exported(browser, query=""):
    answer = browser.post(f"{EXPORT}{query}")
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_it_shows_the_radar_and_narrows_it_with_the_list():
    label = LabelFactory()
    one, two = BrandFactory(label=label), BrandFactory(label=label)
    missing(label, "anna", "ben", brand=one)
    missing(label, "carl", brand=two)
    support = browser_of(person_with("support"))
    page = support.get(LIST)
    assert [(strip.brand, strip.asked) for strip in page.context["radar"].strips] == [
        (one.name, 4),
        (two.name, 2),
    ]
    assert page.content.decode().count("<rect") == 2
    narrowed = support.get(f"{LIST}?{page.context['radar'].strips[1].query}")
    assert [strip.brand for strip in narrowed.context["radar"].strips] == [two.name]
    assert [row.ext_user_id for row in narrowed.context["cl"].result_list] == ["carl"]


def test_it_says_which_prefix_would_make_them_known_and_where_to_set_it():
    label = LabelFactory()
    for number in range(6):
        EndUserFactory(label=label, ext_user_id=str(number))
    missing(label, *(f"smt_{number}" for number in range(6)))
    page = browser_of(person_with("support")).get(LIST).content.decode()
    assert "6 of the latest 6 are known without &quot;smt_&quot;" in page
    assert reverse("admin:gateways_label_change", args=[label.pk]) in page


def test_who_is_limited_to_labels_sees_nothing_of_others():
    own, other = LabelFactory(), LabelFactory()
    missing(own, "anna")
    for number in range(6):
        EndUserFactory(label=other, ext_user_id=str(number))
    missing(other, *(f"smt_{number}" for number in range(6)))
    person = person_with("administrator", labels=[own])
    for query in ("", f"?label__id__exact={other.pk}"):
        page = browser_of(person).get(f"{LIST}{query}")
        assert [strip.label for strip in page.context["radar"].strips] == [own.name]
        assert page.context["clues"] == []
    assert [row["ext_user_id"] for row in exported(browser_of(person))] == ["anna"]


def test_the_ids_are_exported_as_the_list_is_narrowed_and_that_is_written_down():
    label, other = LabelFactory(), LabelFactory()
    missing(label, "anna@mailbox.example", "=1+1", "")
    missing(other, "ben")
    browser = browser_of(person_with("administrator"))
    rows = exported(browser, f"?label__id__exact={label.pk}")
    assert {row["ext_user_id"] for row in rows} == {"anna@mailbox.example", "'=1+1"}
    assert {(row["label"], row["brand"], row["times"]) for row in rows} == {(label.slug, "", "2")}
    entry = AuditEntry.objects.get(action=Action.EXPORTED)
    assert entry.changes == {"narrowed by": ["label__id__exact"]}
    assert entry.actor_name == "administrator"


def test_there_is_nothing_to_search_with():
    """The pages of users beside it have a box that posts."""
    assert "searchbar" not in browser_of(person_with("support")).get(LIST).content.decode()


def test_only_who_may_has_the_button():
    missing(LabelFactory(), "anna")
    assert EXPORT in browser_of(person_with("administrator")).get(LIST).content.decode()
    operator = browser_of(person_with("operator"))
    assert EXPORT not in operator.get(LIST).content.decode()
    assert operator.post(EXPORT).status_code == 403


@pytest.mark.parametrize("odd", ["abc", "-1", "9" * 40, "1.5", "\u0661"])
def test_an_odd_address_breaks_nothing(odd):
    missing(LabelFactory(), "anna")
    browser = browser_of(person_with("support"))
    answer = browser.get(LIST, {"label__id__exact": odd, "brand__id__exact": odd})
    assert answer.status_code in (200, 302)
