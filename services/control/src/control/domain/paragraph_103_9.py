"""103-9: the term of a personal instruction of the President is extended by the President alone."""

from baqylau.refusals import Ground

from control.domain.paragraph_103_4 import deciders
from control.domain.paragraph_103_5 import decision_paragraph
from control.domain.rule_sets import RuleSet
from control.domain.values import Decider, Origin, Originator, Source


def personal_grounds(rules: RuleSet, origin: Origin) -> tuple[Ground, ...]:
    """A personal instruction is an instruction, and the President's."""
    cite = rules.cite("103-9")
    grounds = []
    if origin.personal and origin.source is not Source.INSTRUCTION:
        grounds.append(Ground(cite, "personal-but-not-an-instruction", "source", of_payload=True))
    if origin.personal and origin.originator is not Originator.PRESIDENT:
        grounds.append(Ground(cite, "personal-but-not-of-the-president", "originator", of_payload=True))
    return tuple(grounds)


def may_decide(origin: Origin) -> tuple[Decider, ...]:
    """Who may grant or refuse. Reading: 103-9 wins over 102-1 and 103-4; whoever may grant may refuse, and no one
    else.
    """
    return (Decider.PRESIDENT,) if origin.personal else deciders(origin)


def decider_grounds(rules: RuleSet, origin: Origin, decided_by: Decider | None, *, again: bool) -> tuple[Ground, ...]:
    """The decider isn't one who may: under 103-9 for a personal instruction, else 103-4 the first time and 103-5
    again.
    """
    if decided_by is None:
        return (Ground(decision_paragraph(rules, again=again), "decider-missing", "decided_by", of_payload=True),)
    if decided_by in may_decide(origin):
        return ()
    cite = rules.cite("103-9") if origin.personal else decision_paragraph(rules, again=again)
    return (Ground(cite, "may-not-decide", "decided_by"),)
