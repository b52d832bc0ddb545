"""Factotum's engine: a document travels through these rooms, in this order.

    parametrization   what the company has described: types, counters, taxes, journals, as data under revision control
    selection         which of the types may be used here, and why not the others
    drafting          a request becomes a draft: parties, lines, taxes, totals
    numbering         what the number looks like, and which series it comes from
    journal           automatic journals turn the draft into entries that balance
    posting           plan (pure) and write (one transaction): number, document, entries, hash link, deliveries
    outbox            the relay hands every document over, retries, and keeps what came of it
    inbox             what comes in is kept, read, and completed to a document that can be posted
    spi               the small public door for plugins: formats and channels
    storage           the only SQL
    edge              command line, later the pages and the API

`flow` tells the story, one call per step; read it first. `app.py` is the only place that builds.
`kernel` holds what every room may use: money, periods, codes, clock, faults.
"""
