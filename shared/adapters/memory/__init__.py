"""Every port in memory: what embedded mode, simulation and unit tests run on. It passes the same contract suite."""

from shared.adapters.memory.allowances import Allowances
from shared.adapters.memory.bus import Bus, DeadLetters, Publisher
from shared.adapters.memory.catalogues import Catalogues
from shared.adapters.memory.companions import Companions
from shared.adapters.memory.contact_points import ContactPoints
from shared.adapters.memory.contacts import Contacts
from shared.adapters.memory.deferrals import AbandonedDeliveries, Deferrals, DeferredDeliveries
from shared.adapters.memory.handovers import Handovers
from shared.adapters.memory.history import DecisionHistory
from shared.adapters.memory.outcomes import Models, Outcomes
from shared.adapters.memory.overdue import Overdue
from shared.adapters.memory.paces import Paces
from shared.adapters.memory.person_keys import new_sealer
from shared.adapters.memory.personal_data import Erasures, PersonalData
from shared.adapters.memory.persons import Persons
from shared.adapters.memory.provider import ChannelProvider
from shared.adapters.memory.quarantine import Quarantine
from shared.adapters.memory.releases import Releases
from shared.adapters.memory.reports import Reports
from shared.adapters.memory.responses import ResponseWindows
from shared.adapters.memory.seals import Seals
from shared.adapters.memory.secrets import Secrets
from shared.adapters.memory.store import Store

__all__ = [
    "AbandonedDeliveries",
    "Allowances",
    "Bus",
    "Catalogues",
    "ChannelProvider",
    "Companions",
    "ContactPoints",
    "Contacts",
    "DeadLetters",
    "DecisionHistory",
    "Deferrals",
    "DeferredDeliveries",
    "Erasures",
    "Handovers",
    "Models",
    "Outcomes",
    "Overdue",
    "Paces",
    "PersonalData",
    "Persons",
    "Publisher",
    "Quarantine",
    "Releases",
    "Reports",
    "ResponseWindows",
    "Seals",
    "Secrets",
    "Store",
    "new_sealer",
]
