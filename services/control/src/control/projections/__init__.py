"""Read models: tables that follow control's own events, in the same transaction."""

from control.projections.assignments import ASSIGNMENTS
from control.projections.control_subjects import POSTS
from control.projections.discipline import DISCIPLINE

READ_MODELS = (ASSIGNMENTS, DISCIPLINE, POSTS)
