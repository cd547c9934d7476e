from gateways.models.audit import Action, AuditEntry
from gateways.models.breaker import Breaker
from gateways.models.contact import Contact, LabelContact
from gateways.models.gateway import Gateway, Pace
from gateways.models.heartbeat import Heartbeat
from gateways.models.key import Key
from gateways.models.label import Brand, Label
from gateways.models.staff import StaffLimit
from gateways.models.template import Template, TemplateField
from gateways.models.version import ConfigurationVersion

__all__ = [
    "Action",
    "AuditEntry",
    "Brand",
    "Breaker",
    "ConfigurationVersion",
    "Contact",
    "Gateway",
    "Heartbeat",
    "Key",
    "Label",
    "LabelContact",
    "Pace",
    "StaffLimit",
    "Template",
    "TemplateField",
]
