"""What the gate's operators watch."""

from prometheus_client import Counter, Gauge

BREACHES_FOUND = Counter("secrecy_gate_breaches_total", "Records found where paragraph 2 forbids them.", ["line"])
PROOF_BREACHES = Gauge("secrecy_gate_proof_breaches", "Places in the gate's log that speak against it: 0, always.")
PROOF_POSITION = Gauge("secrecy_gate_proof_position", "How far in the log the proof has been carried.")
