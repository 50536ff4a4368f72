"""An organization's control subjects (103-1) and their history by day."""

from datetime import date
from uuid import UUID, uuid5

from baqylau.eventstore.aggregate import Aggregate, Cause, DomainEvent
from baqylau.refusals import refuse_if

from control.domain.paragraph_103_1 import (
    ControlSubjects,
    ResponsibleOfficial,
    control_subject_grounds,
    control_subjects_on,
    responsible_officials,
)
from control.domain.rule_sets import RuleSet

_NAMESPACE = UUID("6f0b5f0e-6c43-5b0e-9f0a-0d6c1a7f1032")


class ControlSubjectsOf(Aggregate):
    """The entries of one organization, in the order in which they were made."""

    history: list[ControlSubjects]

    def __init__(self, id: UUID) -> None:  # noqa: A002
        super().__init__(id)
        self.history = []

    @staticmethod
    def id_for(organization: str) -> UUID:
        """The same code, the same history."""
        return uuid5(_NAMESPACE, f"control-subjects:{organization}")

    class ControlSubjectsNamed(DomainEvent):
        """An entry, in force from its day until the next one; the earliest also holds for the days before it."""

        entry: ControlSubjects
        citations: tuple[str, ...]

        def apply(self, subjects: "ControlSubjectsOf") -> None:
            subjects.history.append(self.entry)

    def name(self, entry: ControlSubjects, rules: RuleSet, cause: Cause) -> None:
        """Name the control subjects from a day on. Those that are in force on that day already: nothing new."""
        refuse_if(control_subject_grounds(rules, entry.first_head, entry.deputies))
        known = self.on(entry.valid_from)
        if known is None or (known.first_head, known.deputies) != (entry.first_head, entry.deputies):
            self.trigger(self.ControlSubjectsNamed, cause, entry=entry, citations=(rules.cite("103-1"),))

    def on(self, day: date) -> ControlSubjects | None:
        """The entry in force on a day; None where there is none at all."""
        return control_subjects_on(self.history, day)

    def responsible(self, area: str, day: date) -> tuple[ResponsibleOfficial, ...]:
        """Who answers for an area on a day: the first head, then the deputies whose areas hold it."""
        return responsible_officials(self.history, area, day)
