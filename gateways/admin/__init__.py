"""The set-up screens of labels, brands, keys, gateways and templates."""

from gateways.admin.brand import BrandAdmin
from gateways.admin.gateway import GatewayAdmin
from gateways.admin.key import KeyAdmin
from gateways.admin.label import LabelAdmin
from gateways.admin.template import TemplateAdmin

__all__ = ["BrandAdmin", "GatewayAdmin", "KeyAdmin", "LabelAdmin", "TemplateAdmin"]
