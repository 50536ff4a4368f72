"""103-4: the term is extended, or control transferred, not more than once; by whom, on what, and where to."""

from baqylau.refusals import Ground

from control.domain.paragraph_102_1 import under_102_1
from control.domain.rule_sets import RuleSet
from control.domain.values import Control, Decider, ExtensionKind, Letter, Origin, Standing

_PA_SIDE = (Decider.PRESIDENT, Decider.HEAD_OF_PA)
_GOVERNMENT_SIDE = (Decider.PRIME_MINISTER, Decider.DEPUTY_PRIME_MINISTER)

_TRANSFERS = {
    Control.URGENT: (Control.MEDIUM_TERM, Control.LONG_TERM),
    Control.SHORT_TERM: (Control.MEDIUM_TERM, Control.LONG_TERM),
    Control.MEDIUM_TERM: (Control.LONG_TERM,),
    Control.LONG_TERM: (),
}


def deciders(origin: Origin) -> tuple[Decider, ...]:
    """The President or the Head of the PA; under 102-1 the PM or a deputy PM. 103-5 has the same for asking again."""
    return _GOVERNMENT_SIDE if under_102_1(origin) else _PA_SIDE


def opinion_under_103_4(rules: RuleSet, origin: Origin) -> str | None:
    """The first time, not under 102-1: on an expert opinion of the PA's unit. The citation, or None."""
    return None if under_102_1(origin) else rules.cite("103-4")


def transfers_from(control: Control) -> tuple[Control, ...]:
    """Reading: from urgent or short-term to medium- or long-term, from medium-term to long-term only."""
    return _TRANSFERS[control]


def transfer_grounds(standing: Standing, letter: Letter) -> tuple[Ground, ...]:
    """Reading: "not more than once" covers extension and transfer together, so what is asked again is an extension."""
    if letter.kind is not ExtensionKind.TRANSFER:
        return ()
    cite = standing.rules.cite("103-4")
    grounds = []
    if standing.grants:
        grounds.append(Ground(cite, "transfer-again", "kind"))
    if letter.to_control is not None and letter.to_control not in transfers_from(standing.control):
        grounds.append(Ground(cite, "transfer-not-allowed", "to_control"))
    return tuple(grounds)
