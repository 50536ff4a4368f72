"""A trial of services broken on purpose, to show that the checks would notice."""

from baqylau_infra.process import Say, quiet

from tests.chaos.trial import Trial, try_out

SABOTAGE = {
    "registry-non-confidential": "no-idempotency,lossy-relay",
    "registry-non-confidential.2": "no-idempotency,lossy-relay",
    "control-non-confidential": "no-hole-check",
    "control-non-confidential.2": "no-hole-check",
    "control-non-confidential.3": "no-hole-check",
    "control-confidential": "lossy-relay",
    "registry-confidential": "no-tracking",
}
"""Process → what is broken in it."""

EXPECTED = {
    "no command has taken effect twice": "doubled: registry:DocumentRegistered",
    "hash chain, numbers, public events, read models, topics as the log has them": (
        "registry-non-confidential: topic at baqylau.non-confidential.registry.v1"
    ),
    "control knows the registry's documents, all know the gate's units": "skipped: control-non-confidential, documents",
    "nothing unseen is left, nothing parked": "registry-confidential: baqylau.confidential.secrecy-gate.v1",
}
"""Check → how one of its findings must begin."""

SECONDS = 20.0
DRAIN_LIMIT = 15.0
IMPATIENT = 1.0
ANSWER_LIMIT = 5.0
"""An assignment from a document that control has lost isn't answered at all."""


def sabotaged(seed: int, *, say: Say = quiet) -> Trial:
    """No fault but what is broken, and impatient callers."""
    return try_out(
        seed,
        lambda _: [],
        SECONDS,
        sabotage=SABOTAGE,
        impatient=IMPATIENT,
        answer_limit=ANSWER_LIMIT,
        disks=False,
        drain_limit=DRAIN_LIMIT,
        say=say,
    )


def overlooked(trial: Trial) -> list[str]:
    """What was broken, and no check said so."""
    findings = trial.verdict.findings
    return [
        f"{check}: {begins}"
        for check, begins in EXPECTED.items()
        if not any(found.startswith(begins) for found in findings[check])
    ]
