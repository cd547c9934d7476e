from gateways.models.gateway import Gateway, Pace
from gateways.models.key import Key
from gateways.models.label import Brand, Label
from gateways.models.template import Template, TemplateField
from gateways.models.version import ConfigurationVersion

__all__ = [
    "Brand",
    "ConfigurationVersion",
    "Gateway",
    "Key",
    "Label",
    "Pace",
    "Template",
    "TemplateField",
]
