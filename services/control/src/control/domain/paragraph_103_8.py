"""103-8: more than two proposals to extend the same assignment: punishing the organizations' first heads is
considered.
"""

from control.domain.values import Standing


def penalty_review_raised(standing: Standing) -> bool:
    """Whether the letter now taken in is the third or a later one; `standing` is as it was before it.

    Reading: refused letters and transfers count, letters turned back don't. Named are the first heads of the executor
    and of the co-executors: `first_heads` of 103-1.
    """
    return standing.letters >= standing.rules.proposals_without_penalty
