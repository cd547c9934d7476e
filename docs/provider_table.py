"""The table in docs/providers.md, made of what the provider classes declare.

`python -m docs.provider_table` writes it anew, and the page of their settings with it.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs import provider_contract, provider_settings

FILE = Path(__file__).with_name("providers.md")
BEGINNING, END = "<!-- made by docs.provider_table -->\n", "<!-- end -->\n"
COLUMNS = (
    *("provider", "slug", "channel", "send", "batch", "delivered", "opened", "clicked"),
    *("complained", "unsubscribed", "polling", "lookup", "signature", "idempotent"),
    *("contacts", "orders", "events", "opt-outs"),
)
YES, NO, BY_CONFIGURATION = "yes", "–", "optional"


def table() -> str:
    """The whole table as Markdown."""
    from gateways.providers.registry import provider_classes

    lines = [COLUMNS, tuple("---" for _ in COLUMNS)]
    for cls in provider_classes().values():
        lines += _rows(cls)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _rows(cls: Any) -> Iterator[tuple[str, ...]]:
    from gateway_project.lib.vocabulary import Status

    told = (
        *(Status.DELIVERED, Status.OPENED, Status.CLICKED),
        *(Status.COMPLAINED, Status.UNSUBSCRIBED),
    )
    for channel in cls.channels:
        yield (
            cls.title,
            f"`{cls.slug}`",
            channel.label,
            YES,
            _batch(cls),
            *(_told(cls, channel, status) for status in told),
            _polling(cls),
            _looked_up(cls, channel),
            cls.proof or NO,
            _declared(cls.idempotent),
            *_told_beside(cls),
        )


def _told(cls: Any, channel: Any, status: Any) -> str:
    """What an account tells in which nothing is switched on, every account tells."""
    if status in cls({}).reported(channel):
        return YES
    return BY_CONFIGURATION if status in cls.reports_on(channel) else NO


def _batch(cls: Any) -> str:
    return BY_CONFIGURATION if cls.may_batch else NO


def _polling(cls: Any) -> str:
    if getattr(cls({}), "poll_size", 0):
        return YES
    return NO if isinstance(getattr(cls, "poll_size", 0), int) else BY_CONFIGURATION


def _looked_up(cls: Any, channel: Any) -> str:
    """Whether it can be asked for a message by our id."""
    size = getattr(cls({}), "lookup_size", None)
    if size is not None and size(channel):
        return YES
    return BY_CONFIGURATION if getattr(cls, "may_look_up", False) else NO


def _told_beside(cls: Any) -> tuple[str, ...]:
    """What it is told beside messages; contacts and opt-outs where the account switches them on."""
    from gateways.providers import capabilities

    return (
        BY_CONFIGURATION if issubclass(cls, capabilities.KeepsContacts) else NO,
        YES if issubclass(cls, capabilities.TakesOrders) else NO,
        YES if issubclass(cls, capabilities.TakesEvents) else NO,
        BY_CONFIGURATION if issubclass(cls, capabilities.KeepsOptOuts) else NO,
    )


def _declared(value: object) -> str:
    """What is a property of the account, and none of the class, depends on its configuration."""
    if isinstance(value, bool):
        return YES if value else NO
    return BY_CONFIGURATION


def written(text: str) -> str:
    """The document with the table as it is now."""
    before, rest = text.split(BEGINNING)
    after = rest.split(END)[1]
    return f"{before}{BEGINNING}{table()}{END}{after}"


def main() -> None:
    FILE.write_text(written(FILE.read_text()))
    provider_settings.main()
    provider_contract.main()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")
    import django

    django.setup()
    main()
