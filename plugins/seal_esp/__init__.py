"""Seal `esp`: the billing records of Spain's Verifactu, hashed into one chain per issuer and installation.

    plugin.py     registers
    settings.py   what a company is told of
    fields.py     document -> the fields of a record, and what is wrong with them
    huella.py     fields -> SHA-256, the link to the next record, the address in the QR code
    chain.py      one record after another, and whether a whole chain holds
    ready.py      the seal with its settings, as it is put on documents
    seal.py       what is offered

Sources: Real Decreto 1007/2023; Orden HAC/1177/2024 art. 7 (chain) and 13 (hash); the AEAT's "Detalle de las
especificaciones técnicas para generación de la huella o hash" and "Características del QR".
Not here: sending records to the AEAT (a channel), XAdES and the event log, which systems that do not send need.
"""
