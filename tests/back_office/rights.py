"""What every URL of the back office is to every kind of person.

A page of rows needs one line in `ROWS`; any other URL one line in `URLS`, by its name (or by its
route, where it has no name or shares it). `test_rights.py` fails for a URL that has no line.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tests.back_office.people import Person


class Outcome(StrEnum):
    """What came of a request."""

    LET_IN = "let in"
    LOG_IN = "led to the log-in"
    REFUSED = "refused (403)"
    ABSENT = "absent (404)"
    NO_SUCH_METHOD = "no such method (405)"


Who = frozenset[Person] | Outcome
"""The people who are let in, while the others are refused; or what comes of it for all staff."""

NO_ONE: frozenset[Person] = frozenset()
ADMINISTRATORS = frozenset({Person.ADMINISTRATOR})
AUDITORS = ADMINISTRATORS | {Person.AUDITOR}
OPERATORS = ADMINISTRATORS | {Person.OPERATOR}
ROLES = AUDITORS | OPERATORS | {Person.SUPPORT}
STAFF = ROLES | {Person.NOBODY}
"""Whoever has logged in."""
NO_SUCH_METHOD, ABSENT = Outcome.NO_SUCH_METHOD, Outcome.ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Who may open one URL, and who may post to it.

    `row` names the row of the house (`test_rights.house`) whose key stands in the URL, `params`
    what stands there besides. `elsewhere` is what comes of it for an operator of another label
    where the role would do: nothing is there, if the URL names a row. An administrator whose second
    factor has not been asked for yet is a stranger but for the way in and out.
    """

    get: Who
    post: Who
    row: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Outcome | None = None
    stranger: Outcome = Outcome.LOG_IN
    is_before_the_door: bool = False
    refused: Outcome = Outcome.REFUSED

    def expected(self, person: Person, method: str) -> Outcome:
        """What has to come of this person's request."""
        who = self.get if method == "get" else self.post
        if person is Person.STRANGER:
            return self.stranger
        if person is Person.UNVERIFIED:
            person = Person.ADMINISTRATOR if self.is_before_the_door else Person.STRANGER
            return self.expected(person, method)
        if isinstance(who, Outcome):
            return who
        role = Person.OPERATOR if person is Person.ELSEWHERE else person
        if role not in who:
            return self.refused
        if person is not Person.ELSEWHERE:
            return Outcome.LET_IN
        return self.elsewhere or (Outcome.ABSENT if self.row else Outcome.LET_IN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Who may see, add, change and delete the rows of one model on the admin's usual pages."""

    see: frozenset[Person] = ROLES
    add: frozenset[Person] = NO_ONE
    change: frozenset[Person] = NO_ONE
    delete: frozenset[Person] = NO_ONE
    elsewhere_adds: Outcome = Outcome.LET_IN

    def urls(self, model: str) -> dict[str, Rights]:
        """The rights of the URLs that the admin makes for a model, by their names."""
        name, row = model.replace(".", "_"), model
        return {
            f"{name}_changelist": Rights(get=self.see, post=self.see),
            f"{name}_add": Rights(get=self.add, post=self.add, elsewhere=self.elsewhere_adds),
            f"{name}_change": Rights(get=self.see, post=self.change, row=row),
            f"{name}_delete": Rights(get=self.delete, post=self.delete, row=row),
            f"{name}_history": Rights(get=self.see, post=self.see, row=row),
            # Leads to the page of the row, and says nothing of it.
            f"admin/{model.replace('.', '/')}/<path:object_id>/": Rights(get=STAFF, post=STAFF),
        }


_SET_UP = Rows(add=OPERATORS, change=OPERATORS, delete=ADMINISTRATORS)

ROWS: dict[str, Rows] = {
    "gateways.label": Rows(
        add=OPERATORS, change=OPERATORS, delete=ADMINISTRATORS, elsewhere_adds=Outcome.REFUSED
    ),
    "gateways.brand": _SET_UP,
    "gateways.key": _SET_UP,
    "gateways.gateway": _SET_UP,
    "gateways.template": _SET_UP,
    "gateways.auditentry": Rows(see=AUDITORS),
    "users.enduser": Rows(),
    "users.missinguser": Rows(),
    "users.suppression": Rows(),
    "users.lifting": Rows(),
    "users.erasureproof": Rows(),
    "users.importrun": Rows(add=ADMINISTRATORS),
    "messages_app.message": Rows(),
    "messages_app.inboxentry": Rows(),
    "messages_app.relay": Rows(),
    "messages_app.wordmapping": Rows(add=OPERATORS, change=OPERATORS, delete=OPERATORS),
    "callbacks.callbackdelivery": Rows(),
    "auth.user": Rows(see=AUDITORS, add=ADMINISTRATORS, change=ADMINISTRATORS),
    "auth.group": Rows(
        see=AUDITORS, add=ADMINISTRATORS, change=ADMINISTRATORS, delete=ADMINISTRATORS
    ),
}

URLS: dict[str, Rights] = {
    "login": Rights(get=STAFF, post=STAFF, stranger=Outcome.LET_IN),
    "two_factor_token": Rights(get=STAFF, post=STAFF, is_before_the_door=True),
    "two_factor": Rights(get=STAFF, post=STAFF),
    "index": Rights(get=STAFF, post=STAFF),
    "search": Rights(get=ABSENT, post=ABSENT),
    "find": Rights(get=ROLES, post=ROLES),
    "logout": Rights(get=NO_SUCH_METHOD, post=STAFF, is_before_the_door=True),
    "password_change": Rights(get=STAFF, post=STAFF),
    "password_change_done": Rights(get=STAFF, post=NO_SUCH_METHOD),
    "jsi18n": Rights(get=STAFF, post=NO_SUCH_METHOD),
    # Asks the page of the model, which shows each person their own rows.
    "autocomplete": Rights(get=Outcome.REFUSED, post=NO_SUCH_METHOD),
    "app_list": Rights(get=ROLES, post=ROLES, refused=ABSENT, params={"app_label": "users"}),
    "admin/(?P<url>.*)$": Rights(get=ABSENT, post=ABSENT, params={"url": "nothing/here/"}),
    "gateways_auditentry_export": Rights(get=NO_SUCH_METHOD, post=AUDITORS),
    "users_enduser_find": Rights(get=NO_SUCH_METHOD, post=ROLES),
    "users_enduser_reveal": Rights(
        get=NO_SUCH_METHOD, post=ADMINISTRATORS, row="users.enduser", params={"part": "email"}
    ),
    "users_enduser_masked": Rights(
        get=ADMINISTRATORS, post=NO_SUCH_METHOD, row="users.enduser", params={"part": "email"}
    ),
    "users_enduser_export": Rights(get=NO_SUCH_METHOD, post=ADMINISTRATORS, row="users.enduser"),
    "users_enduser_erase": Rights(get=NO_SUCH_METHOD, post=ADMINISTRATORS, row="users.enduser"),
    "users_missinguser_export": Rights(get=NO_SUCH_METHOD, post=ADMINISTRATORS),
    "users_erasureproof_find": Rights(get=NO_SUCH_METHOD, post=ROLES),
    "users_importrun_part": Rights(
        get=NO_SUCH_METHOD, post=ADMINISTRATORS, row="users.importrun", params={"number": "0"}
    ),
    "users_importrun_complete": Rights(
        get=NO_SUCH_METHOD, post=ADMINISTRATORS, row="users.importrun"
    ),
    "users_importrun_progress": Rights(get=ROLES, post=NO_SUCH_METHOD, row="users.importrun"),
    "users_importrun_problems": Rights(get=ROLES, post=NO_SUCH_METHOD, row="users.importrun"),
    "users_importrun_import": Rights(
        get=NO_SUCH_METHOD, post=ADMINISTRATORS, row="users.importrun"
    ),
    "users_importrun_give_up": Rights(
        get=NO_SUCH_METHOD, post=ADMINISTRATORS, row="users.importrun"
    ),
    "users_suppression_find": Rights(get=NO_SUCH_METHOD, post=ROLES),
    "users_lifting_find": Rights(get=NO_SUCH_METHOD, post=ROLES),
    "auth_user_password_change": Rights(get=ADMINISTRATORS, post=ADMINISTRATORS, row="auth.user"),
    "gateways_gateway_wizard": Rights(
        get=OPERATORS, post=OPERATORS, row="gateways.gateway", params={"step": "conditions"}
    ),
    "gateways_gateway_discard": Rights(get=OPERATORS, post=OPERATORS, row="gateways.gateway"),
    "gateways_gateway_check": Rights(get=NO_SUCH_METHOD, post=OPERATORS, row="gateways.gateway"),
    "gateways_gateway_sample": Rights(get=NO_SUCH_METHOD, post=OPERATORS, row="gateways.gateway"),
    "gateways_gateway_sample_call": Rights(
        get=NO_SUCH_METHOD, post=OPERATORS, row="gateways.gateway"
    ),
    "gateways_label_sheet": Rights(get=ROLES, post=OPERATORS, row="gateways.label"),
    "gateways_template_schema": Rights(get=ROLES, post=NO_SUCH_METHOD, row="gateways.template"),
    "gateways_template_preview": Rights(
        get=NO_SUCH_METHOD, post=OPERATORS, row="gateways.template"
    ),
    "admin/gateways/template/preview/": Rights(get=NO_SUCH_METHOD, post=OPERATORS),
    "messages_app_message_timeline": Rights(
        get=ROLES, post=NO_SUCH_METHOD, row="messages_app.message"
    ),
    "messages_app_inboxentry_map_word": Rights(
        get=OPERATORS, post=OPERATORS, row="messages_app.inboxentry"
    ),
    "routes": Rights(get=ROLES, post=NO_SUCH_METHOD),
    "route_explanation": Rights(get=NO_SUCH_METHOD, post=ROLES, row="gateways.label"),
    "guard_picture": Rights(get=ROLES, post=NO_SUCH_METHOD, row="gateways.gateway"),
    "route_impact": Rights(get=NO_SUCH_METHOD, post=OPERATORS, row="gateways.gateway"),
    "health": Rights(get=ROLES, post=NO_SUCH_METHOD),
    "health_check": Rights(get=NO_SUCH_METHOD, post=OPERATORS, row="gateways.label"),
    "auth_user_reset_second_factor": Rights(
        get=ADMINISTRATORS, post=ADMINISTRATORS, row="auth.user"
    ),
    "be_smartico": Rights(get=OPERATORS, post=NO_SUCH_METHOD),
    "be_smartico_of": Rights(get=NO_SUCH_METHOD, post=OPERATORS, row="gateways.label"),
    "told_smartico": Rights(get=OPERATORS, post=NO_SUCH_METHOD, row="messages_app.message"),
    "gateways_gateway_test_send": Rights(get=OPERATORS, post=OPERATORS, row="gateways.gateway"),
    "test_send": Rights(get=OPERATORS, post=OPERATORS, row="gateways.gateway"),
    "test_alert": Rights(get=OPERATORS, post=OPERATORS, row="gateways.label"),
    "reconciliation": Rights(get=ROLES, post=NO_SUCH_METHOD),
    "reconciliation_export": Rights(get=ROLES, post=NO_SUCH_METHOD),
    "resume_callbacks": Rights(get=OPERATORS, post=OPERATORS, row="gateways.label"),
    "docs": Rights(get=STAFF, post=NO_SUCH_METHOD),
    "schema": Rights(get=STAFF, post=NO_SUCH_METHOD, stranger=Outcome.REFUSED),
}

TABLE: dict[str, Rights] = {
    **{name: rights for model, rows in ROWS.items() for name, rights in rows.urls(model).items()},
    **URLS,
}
