"""Paragraph 2 for documents: a line keeps records of one regime.

The unit is judged by `baqylau.segregation`, which alone makes a `PermittedUnit`.
"""

from baqylau.contracts.values import Classification, Regime
from baqylau.refusals import Ground

CITATION = "RK-703:2"

_REGIMES = {
    Classification.PUBLIC: Regime.NON_CONFIDENTIAL,
    Classification.RESTRICTED: Regime.NON_CONFIDENTIAL,
    Classification.SECRET: Regime.CONFIDENTIAL,
    Classification.TOP_SECRET: Regime.CONFIDENTIAL,
    Classification.SPECIAL_IMPORTANCE: Regime.CONFIDENTIAL,
}


def regime_of_classification(classification: Classification) -> Regime:
    """Reading: `restricted` (for official use) is limited distribution, not a state secret."""
    return _REGIMES[classification]


def classification_grounds(classification: Classification, regime: Regime) -> tuple[Ground, ...]:
    """A document is kept in the regime of its classification, and in no other one."""
    if regime_of_classification(classification) is regime:
        return ()
    return (Ground(CITATION, "classification-of-other-regime", "classification"),)
