"""What the back office's pages are made of: limited to labels, and written down."""

from gateway_project.lib.admin import ModelAdmin, ReadOnlyAdmin
from gateways.admin.audited import Audited, Told
from gateways.admin.scope import LabelScoped


class Page(Audited, LabelScoped, ModelAdmin):
    """A page on which people change rows of their labels."""


class ReadOnlyPage(Told, LabelScoped, ReadOnlyAdmin):
    """A page of rows that the gateway writes."""
