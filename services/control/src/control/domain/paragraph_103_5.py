"""103-5: again an extension only, in exceptional cases, with disciplinary liability of the responsible officials
considered.
"""

from baqylau.refusals import Ground

from control.domain.rule_sets import RuleSet
from control.domain.values import Decision, LetterTaken, Standing, blank


def asked_again(standing: Standing) -> bool:
    """Reading: what uses up the one time is a grant; a refused letter doesn't."""
    return standing.grants > 0


def decision_paragraph(rules: RuleSet, *, again: bool) -> str:
    """The citation of the paragraph that a decision is taken under: 103-4 the first time, 103-5 again."""
    return rules.cite("103-5" if again else "103-4")


def disciplinary_review_raised(standing: Standing) -> bool:
    """`DisciplinaryReviewRaised` goes with each letter that asks again."""
    return asked_again(standing)


def exceptional_case_grounds(rules: RuleSet, letter: LetterTaken, decision: Decision) -> tuple[Ground, ...]:
    """A grant again carries the exceptional circumstances and the outcome of the disciplinary consideration."""
    if not letter.asked_again:
        return ()
    cite = rules.cite("103-5")
    grounds = []
    if blank(decision.exceptional_circumstances):
        grounds.append(Ground(cite, "exceptional-circumstances-missing", "exceptional_circumstances", of_payload=True))
    if blank(decision.disciplinary_outcome):
        grounds.append(Ground(cite, "disciplinary-outcome-missing", "disciplinary_outcome", of_payload=True))
    return tuple(grounds)
