"""The pages of the people in the back office and of their roles.

Nobody gives away, or gets at, more than they have themselves.

rights        what somebody may do, and what they may give to others
person        the pages of people
person_form   their forms
role          the pages of roles
"""

from gateway_project.back_office.people.person import PersonAdmin
from gateway_project.back_office.people.role import RoleAdmin

__all__ = ["PersonAdmin", "RoleAdmin"]
