from gateways.models.alert import Alert, AlertKind
from gateways.models.allowance import Allowance
from gateways.models.audit import Action, AuditEntry, AuditSeal
from gateways.models.breaker import Breaker
from gateways.models.contact import Contact, LabelContact
from gateways.models.gateway import Gateway
from gateways.models.heartbeat import Heartbeat
from gateways.models.kept_answer import KeptAnswer
from gateways.models.key import Key
from gateways.models.label import Brand, Label
from gateways.models.pace import Pace
from gateways.models.second_factor import RecoveryCode, RecoverySheet, TokenApp
from gateways.models.staff import StaffLimit
from gateways.models.template import Template, TemplateField
from gateways.models.used_key import KeyTask, UsedKey
from gateways.models.version import ConfigurationVersion

__all__ = [
    "Action",
    "Alert",
    "AlertKind",
    "Allowance",
    "AuditEntry",
    "AuditSeal",
    "Brand",
    "Breaker",
    "ConfigurationVersion",
    "Contact",
    "Gateway",
    "Heartbeat",
    "KeptAnswer",
    "Key",
    "KeyTask",
    "Label",
    "LabelContact",
    "Pace",
    "RecoveryCode",
    "RecoverySheet",
    "StaffLimit",
    "Template",
    "TemplateField",
    "TokenApp",
    "UsedKey",
]
