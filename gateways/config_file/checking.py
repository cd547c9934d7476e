"""What several places of a configuration file must agree about, and the whole check."""

from collections.abc import Hashable, Iterable, Iterator
from typing import Any

from rest_framework.exceptions import ValidationError

from gateways.callback_hosts import CallbackRefused, check_callback_url
from gateways.config_file.problems import ConfigFileRefused, Problem, flattened, under
from gateways.config_file.schema import FileSchema

Values = dict[str, Any]
"""One checked row of the file: columns and their values, lists of such rows under their names."""


def checked(document: Any) -> list[Values]:
    """The labels of a document; raises ConfigFileRefused with everything that is wrong in it."""
    try:
        file = FileSchema().run_validation({} if document is None else document)
    except ValidationError as error:
        raise ConfigFileRefused(flattened(error.detail)) from None
    labels: list[Values] = file["labels"]
    problems = [*_repeats(labels, "labels", "slug"), *_repeated_secrets(labels)]
    for position, label in enumerate(labels):
        for check in CHECKS_OF_A_LABEL:
            problems += check(label, under("labels", position))
    if problems:
        raise ConfigFileRefused(problems)
    return labels


def _slugs_are_unique(label: Values, place: str) -> Iterator[Problem]:
    for name in ("brands", "templates", "gateways"):
        yield from _repeats(label[name], under(place, name), "slug")


def _template_fields_are_unique(label: Values, place: str) -> Iterator[Problem]:
    for position, template in enumerate(label["templates"]):
        inside = under(under(under(place, "templates"), position), "fields")
        yield from _repeats(template["fields"], inside, "name")


def _brands_are_listed(label: Values, place: str) -> Iterator[Problem]:
    slugs = {brand["slug"] for brand in label["brands"]}
    for name in ("keys", "gateways"):
        for position, row in enumerate(label[name]):
            if row["brand"] is not None and row["brand"] not in slugs:
                inside = under(under(under(place, name), position), "brand")
                yield Problem(place=inside, text="is not among the brands of this label")


def _filters_are_declared(label: Values, place: str) -> Iterator[Problem]:
    declared = label["filter_properties"]
    for position, gateway in enumerate(label["gateways"]):
        for name in gateway["filters"]:
            if name not in declared:
                inside = under(under(under(place, "gateways"), position), "filters")
                text = "is not among the filter_properties of this label"
                yield Problem(place=under(inside, name), text=text)


def _filter_properties_differ(label: Values, place: str) -> Iterator[Problem]:
    yield from _repeats(label["filter_properties"], under(place, "filter_properties"))


def _callback_url_is_allowed(label: Values, place: str) -> Iterator[Problem]:
    url = label["callback_url"]
    if url is not None:
        try:
            check_callback_url(url.reveal(), label["callback_hosts"])
        except CallbackRefused as refused:
            yield Problem(place=under(place, "callback.url"), text=str(refused))


def _opt_outs_are_told_whole(label: Values, place: str) -> Iterator[Problem]:
    inside = under(place, "opt_outs")
    if label["opt_out_webhook_url"] and not label["opt_out_webhook_secrets"]:
        yield Problem(place=under(inside, "webhook.secrets"), text="sign what is told: name one")
    if label["tells_smartico_opt_outs"]:
        for key in ("url", "token"):
            column = f"smartico_events_{key}"
            if not label[column]:
                text = "is needed to tell Smartico"
                yield Problem(place=under(inside, f"smartico.{key}"), text=text)


CHECKS_OF_A_LABEL = (
    _slugs_are_unique,
    _template_fields_are_unique,
    _brands_are_listed,
    _filter_properties_differ,
    _filters_are_declared,
    _callback_url_is_allowed,
    _opt_outs_are_told_whole,
)


def _repeats(rows: list[Any], place: str, name: str = "") -> Iterator[Problem]:
    """Rows, or their values under `name`, that stand in one list twice."""
    places = (under(under(place, n), name) if name else under(place, n) for n in range(len(rows)))
    values = (row[name] if name else row for row in rows)
    yield from _same(zip(values, places, strict=True), "is the same as {}")


def _repeated_secrets(labels: list[Values]) -> Iterator[Problem]:
    """Secrets of one kind that stand in the file twice: they would not tell the caller."""
    keys = (
        ((key["kind"], key["digest"]), f"labels[{n}].keys[{m}].secret")
        for n, label in enumerate(labels)
        for m, key in enumerate(label["keys"])
    )
    yield from _same(keys, "is the same secret as {}")


def _same(values: Iterable[tuple[Hashable, str]], text: str) -> Iterator[Problem]:
    first: dict[Hashable, str] = {}
    for value, place in values:
        if value in first:
            yield Problem(place=place, text=text.format(first[value]))
        first.setdefault(value, place)
