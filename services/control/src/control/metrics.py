"""What is worth watching in control. No labels: never ids or content."""

from prometheus_client import Counter, Gauge

OVERDUE = Counter("control_overdue_assignments_total", "Assignments in which the watcher found something overdue.")
OVERDUE_FAILED = Counter(
    "control_overdue_failures_total", "Assignments whose overdue duties could not be recorded; tried again later."
)
WATCHER_LAG = Gauge(
    "control_watcher_lag_days", "Days since the end of the oldest due date whose miss isn't recorded; 0: none waits."
)
WATCHER_ACTIVE = Gauge("control_watcher_active", "1 where this replica watches deadlines for the service.")
REDERIVED = Counter("control_rederived_assignments_total", "Open assignments looked at after a calendar amendment.")
REDERIVE_FAILED = Counter(
    "control_rederive_failures_total", "Open assignments whose dates could not be counted again after an amendment."
)
STRANDED = Counter("control_stranded_assignments_total", "Open assignments whose unit was dissolved.")
