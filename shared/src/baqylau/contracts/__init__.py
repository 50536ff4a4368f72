"""The public events of all services, and nothing of their insides (design: "Events on the wire").

All modules are imported here, so that `contract_of` knows every type whichever module is imported first.
"""

from baqylau.contracts import control, control_extensions, notifications, registry, secrecy_gate
from baqylau.contracts.base import PublicEvent, contract_of, contracts_of

__all__ = [
    "PublicEvent",
    "contract_of",
    "contracts_of",
    "control",
    "control_extensions",
    "notifications",
    "registry",
    "secrecy_gate",
]
