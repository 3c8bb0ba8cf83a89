"""bank.yaml: the bank, and the levels of the taxonomy above the action."""

from __future__ import annotations

from shared.authoring.forms.form import Form
from shared.authoring.forms.policy import Policy
from shared.domain.catalogue import Exclusion
from shared.domain.part import Factor, Id, Locale, Text


class Level(Form, frozen=True, kw_only=True):
    """A level of the taxonomy above the action.

    Attributes:
        id: what files and expressions call it.
        name: what people call it.
        policy: conditions that everything below inherits.
    """

    id: Id
    name: Text
    policy: Policy = Policy()


class Brand(Level, frozen=True, kw_only=True):
    """Whose name the customer sees."""


class Issue(Level, frozen=True, kw_only=True):
    """A business purpose.

    Attributes:
        purpose: what it is for, in a sentence.
        lever: business weight L of its actions, 0 to 10, where neither they nor their groups have one.
    """

    purpose: Text
    lever: Factor | None = None


class Group(Level, frozen=True, kw_only=True):
    """A family of actions.

    Attributes:
        issue: id of the issue that it belongs to.
        owner: who answers for its levers: a team or a role.
        lever: business weight L of its actions, 0 to 10, where they have none of their own.
    """

    issue: str
    owner: Text
    lever: Factor | None = None


class Bank(Form, frozen=True, kw_only=True):
    """bank.yaml: the taxonomy and the policy of all levels above the action.

    Attributes:
        name: of the bank or group.
        locale: of those who say nothing of theirs, such as en-GB: a language, and the country whose ways it follows.
        time_zone: where a person is whose own zone is not known, such as Europe/London.
        brands: whose name the customer sees.
        issues: business purposes.
        groups: families of actions, each within an issue.
        policy: conditions of every action.
        exclusions: facts of a person that stop every decision, for every brand.
    """

    name: Text
    time_zone: Text
    brands: tuple[Brand, ...]
    issues: tuple[Issue, ...]
    groups: tuple[Group, ...]
    policy: Policy = Policy()
    exclusions: tuple[Exclusion, ...] = ()
    locale: Locale = "en-GB"
