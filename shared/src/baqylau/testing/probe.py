"""A tiny real service on the core, for tests of the core: tallies that are counted, and a ledger that follows them.

What happens is visible by rows: `entries` holds one row for each effect that the ledger took from a record, in order.
"""

from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

from baqylau.contracts.base import PublicEvent, contract
from baqylau.eventstore.aggregate import Aggregate, Cause, DomainEvent
from baqylau.eventstore.service import ReadModel, Service
from baqylau.eventstore.transaction import Statement
from baqylau.eventstore.work import Work
from baqylau.lines import Line
from baqylau.messaging.envelope import Publication
from baqylau.messaging.policy import NotYet, Policies
from baqylau.platform.settings import Settings
from baqylau.refusals import Ground, Refused


@contract
class Counted(PublicEvent):
    """A tally was counted. `needs`: the fact without which the ledger can't take it; `wrong`: it refuses it."""

    service = "probe"
    tally_id: UUID
    number: int
    needs: str | None = None
    wrong: bool = False


@contract
class FactStated(PublicEvent):
    """A fact is known."""

    service = "probe"
    name: str


class Tally(Aggregate):
    """Counts 1, 2, 3…"""

    number: int

    def __init__(self, id: UUID) -> None:  # noqa: A002
        super().__init__(id)
        self.number = 0

    class TallyCounted(DomainEvent):
        number: int
        needs: str | None = None
        wrong: bool = False

        def apply(self, tally: "Tally") -> None:
            tally.number = self.number

    class TallyStated(DomainEvent):
        name: str

    def count(self, cause: Cause, *, needs: str | None = None, wrong: bool = False) -> int:
        """The next number."""
        self.trigger(self.TallyCounted, cause, number=self.number + 1, needs=needs, wrong=wrong)
        return self.number

    def state(self, name: str, cause: Cause) -> None:
        """Make a fact known."""
        self.trigger(self.TallyStated, cause, name=name)


class Entries(Aggregate):
    """The ledger's own account of a tally."""

    class Entered(DomainEvent):
        number: int

    def enter(self, number: int, cause: Cause) -> None:
        """Take a number in."""
        self.trigger(self.Entered, cause, number=number)


TALLIES: LiteralString = "CREATE TABLE IF NOT EXISTS tallies (id uuid PRIMARY KEY, number integer NOT NULL)"
LEDGER: LiteralString = """
CREATE TABLE IF NOT EXISTS entries (place bigserial PRIMARY KEY, tally uuid NOT NULL, number integer NOT NULL);
CREATE TABLE IF NOT EXISTS facts (name text PRIMARY KEY);
"""


def tally_service(settings: Settings, name: str) -> Service:
    """The producer."""
    line = settings.line

    def publish(event: DomainEvent) -> Publication | None:
        match event:
            case Tally.TallyCounted():
                counted = Counted(
                    tally_id=event.originator_id, number=event.number, needs=event.needs, wrong=event.wrong
                )
                return Publication(counted, (line,))
            case Tally.TallyStated():
                return Publication(FactStated(name=event.name), (line,))
        return None

    def changes(event: DomainEvent) -> Sequence[Statement]:
        if isinstance(event, Tally.TallyCounted):
            return [
                (
                    "INSERT INTO tallies VALUES (%s, %s) ON CONFLICT (id) DO UPDATE SET number = excluded.number",
                    (event.originator_id, event.number),
                )
            ]
        return []

    return Service(name, settings, publish, [ReadModel(TALLIES, changes)])


def ledger_service(settings: Settings, name: str) -> Service:
    """The consumer."""
    return Service(name, settings, lambda _: None, [], [LEDGER])


def _counted(work: Work, event: Counted, cause: Cause) -> None:
    if event.needs and not work.read("SELECT 1 FROM facts WHERE name = %s", (event.needs,)):
        raise NotYet("fact-unknown")
    if event.wrong and not work.read("SELECT 1 FROM facts WHERE name = 'mended'"):
        raise Refused([Ground(None, "not-to-be-taken")])
    work.find_or_new(Entries, event.tally_id).enter(event.number, cause)
    work.change("INSERT INTO entries (tally, number) VALUES (%s, %s)", (event.tally_id, event.number))


def _stated(work: Work, event: FactStated, _: Cause) -> None:
    work.change("INSERT INTO facts VALUES (%s) ON CONFLICT DO NOTHING", (event.name,))


POLICIES: Policies = {Counted: _counted, FactStated: _stated}


def entries(ledger: Service, tally: UUID) -> list[int]:
    """The effects of a tally's records, in the order in which they came about."""
    rows = ledger.store.read("SELECT number FROM entries WHERE tally = %s ORDER BY place", (tally,))
    return [row[0] for row in rows]


def entered(ledger: Service, tally: UUID) -> list[int]:
    """The same from the ledger's own events."""
    return [event.number for event in ledger.history(tally) if isinstance(event, Entries.Entered)]


def line_settings(access: dict[str, str], bootstrap: str = "127.0.0.1:1", **more: object) -> Settings:
    """Settings of a service under test. `access`: its `BAQYLAU_POSTGRES_…` variables."""
    found = {name.removeprefix("BAQYLAU_").lower(): value for name, value in access.items()}
    return Settings.model_validate(
        {"line": Line.NON_CONFIDENTIAL, "port": 0, "kafka_bootstrap": bootstrap, **found, **more}
    )
