"""The prose of the page of results."""

BEFORE = """\
# Side by side with what a team would write instead

Made by `make bench` (all), `make bench ONLY="documents relay"` (some; the others keep their result and its date). Every
figure and plot on this page comes from [benchmarks.json](benchmarks.json); nothing here is written by hand.

Ours and its peer run in the same run, by turns (A B, B A, A B…), five rounds each unless the last table says otherwise;
what counts is the median of the rounds' ratios, with its range beside it. Everything runs on one machine: services,
PostgreSQL, Kafka, the peer and the load, which is one process with requests made beforehand. A peer is as well written
as a good team would write it, has a pool of its own and the same server with the same settings; its code is in
`benchmarks/peers`, the measures are in `benchmarks/measures`. A figure that falls short is shown as such.
"""

AFTER = """\
## What to keep in mind

- Ours does the whole work of a deployment in these figures: the law's judgement, the regime's check, tokens, events and
  public events, read models with the search index, the relay to Kafka. The peers leave out what their files say.
- Each side has one process for each service. The processes of the side that waits stay up: they take next to nothing.
- The load takes a part of the same cores, the same for both sides. In a closed loop each client waits for its answer.
  In the plots of offered load the rate is constant and an answer's time counts from when its request fell due, so a
  server that stands still isn't asked less for it.
- Figures depend on the machine and on what else it did: see the load averages. Ratios depend on it less.
- What a country would need by these figures: [sizing.md](sizing.md).
"""
