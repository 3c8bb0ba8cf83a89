"""What the handlers need of the world. Every adapter of a port passes the same contract suite, the memory one included.

Errors are those of `shared.domain.errors`, never a driver's: `StaleError` when a guard finds that a document changed,
`AlreadyExistsError` when one to be created is there, `TransientError` when trying again may help.
"""

from shared.ports.allowances import NOTHING_TAKEN, Allowances, Ledgers, Left, Taken
from shared.ports.bridging import Intake, Outlet, Record, Records, Row, Rows
from shared.ports.catalogues import Associations, Catalogues, Models
from shared.ports.channels import ChannelProvider, OpenWindow, Outcomes, Receipt, Recording, ResponseWindows
from shared.ports.contacts import AbandonedDeliveries, Contacts, Deferrals, DeferredDeliveries, Folding
from shared.ports.history import Days, DecisionHistory, Ended, Seals, Unopened
from shared.ports.overdue import Late, Overdue
from shared.ports.paces import NotNow, Paces, Turn
from shared.ports.person_keys import KeyWrapper, PersonKeys
from shared.ports.personal_data import Erasures, Handovers, Held, PersonalData, PersonHistory
from shared.ports.persons import ContactPoints, Persons, Rewrite, behind, creation
from shared.ports.reckoning import Counted, Reckoning, Unended, Untold
from shared.ports.releases import Releases
from shared.ports.reports import Kind, Reports
from shared.ports.scoring import Asking, Scorer, ScorerOf
from shared.ports.secrets import Secrets
from shared.ports.topics import DeadLetters, Parked, Place, Publisher, Quarantine, parked_in
from shared.ports.versioned import Versioned
from shared.ports.world import Clock, Companions, Meter, NewId, Timer

__all__ = [
    "NOTHING_TAKEN",
    "AbandonedDeliveries",
    "Allowances",
    "Asking",
    "Associations",
    "Catalogues",
    "ChannelProvider",
    "Clock",
    "Companions",
    "ContactPoints",
    "Contacts",
    "Counted",
    "Days",
    "DeadLetters",
    "DecisionHistory",
    "Deferrals",
    "DeferredDeliveries",
    "Ended",
    "Erasures",
    "Folding",
    "Handovers",
    "Held",
    "Intake",
    "KeyWrapper",
    "Kind",
    "Late",
    "Ledgers",
    "Left",
    "Meter",
    "Models",
    "NewId",
    "NotNow",
    "OpenWindow",
    "Outcomes",
    "Outlet",
    "Overdue",
    "Paces",
    "Parked",
    "PersonHistory",
    "PersonKeys",
    "PersonalData",
    "Persons",
    "Place",
    "Publisher",
    "Quarantine",
    "Receipt",
    "Reckoning",
    "Record",
    "Recording",
    "Records",
    "Releases",
    "Reports",
    "ResponseWindows",
    "Rewrite",
    "Row",
    "Rows",
    "Scorer",
    "ScorerOf",
    "Seals",
    "Secrets",
    "Taken",
    "Timer",
    "Turn",
    "Unended",
    "Unopened",
    "Untold",
    "Versioned",
    "behind",
    "creation",
    "parked_in",
]
