"""Rule sets as data: which one governs an assignment, for its whole life, by the day on which it was issued.

A new rule set is added beside the old one; none is edited. The numbers of the paragraphs stand here and the rules read
them, so that a set which only changes numbers is only data.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from baqylau.refusals import Ground

from control.domain.provisions import Note, Provision, notes_on_rk_703, provisions_of_rk_703


@dataclass(frozen=True, slots=True)
class ProposalDays:
    """103-2: working days for a co-executor's proposal, from receipt (urgent) or before the deadline (the rest)."""

    very_urgent: int
    urgent: int
    accelerate: int
    short_term: int
    medium_term: int
    long_term: int


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One version of the Rules.

    `in_force_from` and `in_force_until` are both days in force; an open end is None. `asking_again_days`: working days
    before the deadline (103-6, 103-7); `over_months`: calendar months from issue after which those apply;
    `opinion_days` and `notice_days`: working days for the expert opinion and for the Government's notice to the PA
    (103-3); `proposals_without_penalty`: how many letters come before punishing is considered (103-8).
    """

    name: str
    amended_by: str
    in_force_from: date
    in_force_until: date | None
    proposal_days: ProposalDays
    asking_again_days: int
    over_months: int
    opinion_days: int
    notice_days: int
    proposals_without_penalty: int
    provisions: tuple[Provision, ...]
    notes: tuple[Note, ...]

    def cite(self, paragraph: str) -> str:
        """The citation of a paragraph, such as `RK-703:103-4`."""
        return f"{self.name}:{paragraph}"

    def in_force_on(self, day: date) -> bool:
        """Both the first and the last day are in force."""
        return self.in_force_from <= day and (self.in_force_until is None or day <= self.in_force_until)


RK_703 = RuleSet(
    name="RK-703",
    amended_by="Resolution of the Government No. 809 of 30.11.2020",
    in_force_from=date(2020, 11, 30),
    in_force_until=None,
    proposal_days=ProposalDays(very_urgent=1, urgent=3, accelerate=3, short_term=5, medium_term=10, long_term=20),
    asking_again_days=15,
    over_months=3,
    opinion_days=10,
    notice_days=10,
    proposals_without_penalty=2,
    provisions=provisions_of_rk_703("RK-703", date(2020, 11, 30)),
    notes=notes_on_rk_703(),
)


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rule sets, oldest first; no two are in force on one day."""

    rule_sets: tuple[RuleSet, ...]

    def in_force_on(self, day: date) -> RuleSet | None:
        """The rule set that governs what was issued on `day`, or None: then `issue_grounds` refuses."""
        return next((rules for rules in self.rule_sets if rules.in_force_on(day)), None)

    def issue_grounds(self, issued_on: date) -> tuple[Ground, ...]:
        """Refused where no rule set was in force on the day of issue."""
        if self.in_force_on(issued_on) is None:
            return (Ground(None, "no-rule-set-in-force", "issued_on"),)
        return ()

    def named(self, name: str) -> RuleSet:
        """The rule set that an assignment was issued under. Raises KeyError for a name that never was."""
        return {rules.name: rules for rules in self.rule_sets}[name]


def rule_book(ends: Mapping[str, date] | None = None) -> RuleBook:
    """The rule sets, with the last days that the operator set, by name (default: open)."""
    ended = ends or {}
    return RuleBook(tuple(replace(rules, in_force_until=ended.get(rules.name)) for rules in (RK_703,)))
