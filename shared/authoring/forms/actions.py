"""Files of actions/: actions and their treatments."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.authoring.forms.form import Form
from shared.authoring.forms.policy import Policy
from shared.domain.catalogue import Active, AttributeValue, Fragment, Starting
from shared.domain.part import Cel, Factor, Id, Language, Name, Pounds, Share, Span, Text
from shared.domain.rules import Purpose


class Treatment(Form, frozen=True, kw_only=True):
    """How an action appears on one channel; its full id is the action's, a dot, and this one.

    Attributes:
        id: within the action.
        channel: id of the channel.
        content: templates by field; which fields a channel needs is its own affair.
        translations: the same in other languages, by language; a field that one does not have is that of the content.
        fragment: what it takes from a content service, for templates to read.
        placement: slot on an inbound channel.
        purpose: where it is another than the action's.
        starting: where it is another than the action's.
        policy: conditions of this treatment alone.
        deadline: how long after its decision it may be sent, such as 30m or 1d, where it is another than its channel's.
        segments: how many text messages it becomes as a rule, where the channel is priced by them and what it says is
            known only when it is sent; where this is not given, as many as it may become.
        frame: of frames.yaml, that its MJML stands in, where it is another than the brand's.
    """

    id: Id
    channel: str
    content: dict[Name, Text]
    translations: dict[Language, dict[Name, Text]] = msgspec.field(default_factory=dict)
    fragment: Fragment | None = None
    placement: str | None = None
    purpose: Purpose | None = None
    starting: Starting | None = None
    policy: Policy = Policy()
    deadline: Span | None = None
    segments: Annotated[int, Meta(ge=1, le=10)] | None = None
    frame: Id | None = None


class Action(Form, frozen=True, kw_only=True):
    """What we would like the customer to do.

    Attributes:
        id: of the action, one in all files.
        name: what people call it.
        brand: id of the brand in whose name it speaks.
        group: id of the group that it belongs to.
        purpose: which rules of contact it stands under.
        value: pounds that an acceptance is worth, or CEL over profile, signal, context and now that says so.
        starting: what its models believe before the first response.
        treatments: how it appears, at least one.
        description: what it is, for colleagues.
        lever: business weight L, 0 to 10, instead of that of its group or issue.
        mandatory: whether it ranks above everything that is not, as a regulatory notice does.
        active: when it is valid.
        policy: conditions of this action alone, besides those that it inherits.
        attributes: values of the attributes that schema.yaml declares under action.
        cancel_when: CEL over profile, now and decided_at that says when what is queued of it is not to be sent any
            more, such as when the loan was taken meanwhile; what it reads must be there.
        anyway: the share of persons that accepts without being asked, 0 to 1, as kairos measure --uplift says it; it
            counts where arbitration.yaml says effect: uplift.
    """

    id: Id
    name: Text
    brand: str
    group: str
    purpose: Purpose
    value: Pounds | Cel
    starting: Starting
    treatments: Annotated[tuple[Treatment, ...], Meta(min_length=1)]
    description: str = ""
    lever: Factor | None = None
    mandatory: bool = False
    active: Active = Active()
    policy: Policy = Policy()
    attributes: dict[Name, AttributeValue] = msgspec.field(default_factory=dict)
    cancel_when: Cel | None = None
    anyway: Share = 0.0


class Actions(Form, frozen=True, kw_only=True):
    """A file of actions/.

    Attributes:
        actions: in any order.
    """

    actions: tuple[Action, ...]
