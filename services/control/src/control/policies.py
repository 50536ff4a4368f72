"""What control does about the events of others.

| event | what follows |
|---|---|
| DocumentRegistered | assignments may be issued from it; of a unit not known here (paragraph 2), not yet |
| DocumentWithdrawn | none may be issued from it any more; those on control stay on it |
| DocumentCorrected | nothing: what control needs of a document isn't corrected |
| OrganizationRegistered, UnitRegimeAssigned, UnitMoved | the copy of the gate's facts (`KnownUnits`) |
| UnitDissolved | the same; open assignments addressed to it are stranded, counted here and shown to controllers |
| everything else | nothing |
"""

from typing import LiteralString

import structlog
from baqylau.contracts import registry
from baqylau.contracts import secrecy_gate as gate
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.work import Work
from baqylau.messaging.policy import Copy, NotYet, Policies, Policy
from baqylau.refusals import Ground
from baqylau.segregation import KnownUnits

from control.metrics import STRANDED

DOCUMENTS: LiteralString = """
CREATE TABLE IF NOT EXISTS documents (
    id uuid PRIMARY KEY, organization text NOT NULL, unit_id uuid NOT NULL, kind text NOT NULL,
    classification text NOT NULL, registration_number text NOT NULL, dated date NOT NULL,
    withdrawn boolean NOT NULL DEFAULT false);
"""
REDERIVATIONS: LiteralString = """
CREATE TABLE IF NOT EXISTS rederivations (
    calendar_version bigint PRIMARY KEY, after uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    finished boolean NOT NULL DEFAULT false);
"""

log = structlog.get_logger(__name__)


def policies(known_units: KnownUnits) -> Policies:
    """The table above."""
    of_the_gate = dict(known_units.policies())
    of_the_gate[gate.UnitDissolved] = _both(of_the_gate[gate.UnitDissolved], _unit_dissolved)
    return {**of_the_gate, **documents(known_units).policies}


def documents(known_units: KnownUnits) -> Copy:
    """This line's copy of the documents from which assignments are issued."""
    policies: Policies = {
        registry.DocumentRegistered: _document_registered(known_units),
        registry.DocumentWithdrawn: _document_withdrawn,
    }
    return Copy("registry", DOCUMENTS, policies)


def _document_registered(known_units: KnownUnits) -> Policy:
    def policy(work: Work, event: registry.DocumentRegistered, _: Cause) -> None:
        unit = known_units.permitted(work, event.unit_id, "unit_id")
        if isinstance(unit, Ground) and unit.reason == "unit-regime-unknown":  # dissolved since: it was in order then
            raise NotYet("unit-regime-unknown")
        work.change(
            "INSERT INTO documents (id, organization, unit_id, kind, classification, registration_number, dated) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING",
            (
                event.document_id,
                event.organization,
                event.unit_id,
                event.kind.value,
                event.classification.value,
                event.registration_number,
                event.dated,
            ),
        )

    return policy


def _document_withdrawn(work: Work, event: registry.DocumentWithdrawn, _: Cause) -> None:
    work.change("UPDATE documents SET withdrawn = true WHERE id = %s", (event.document_id,))


def _unit_dissolved(work: Work, event: gate.UnitDissolved, _: Cause) -> None:
    # The gate knows no assignments, so it can't refuse; nothing new is addressed to the unit from here on, and what is
    # open shows as stranded until its executor or co-executor is replaced.
    found = work.read(
        "SELECT count(*) FROM assignments WHERE status IN ('open', 'reported') AND units @> ARRAY[%s::uuid]",
        (event.unit_id,),
    )
    if found[0][0]:
        STRANDED.inc(found[0][0])
        log.warning("unit_dissolved_with_open_assignments", unit_id=str(event.unit_id), assignments=found[0][0])


def _both(first: Policy, second: Policy) -> Policy:
    def policy(work: Work, event: object, cause: Cause) -> None:
        first(work, event, cause)
        second(work, event, cause)

    return policy
