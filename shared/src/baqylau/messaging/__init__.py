"""How public events travel: relay, consumer, intake, parked records."""

from baqylau.messaging.message_classes import make_one_at_a_time

make_one_at_a_time()
