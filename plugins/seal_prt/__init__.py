"""Seal `prt`: Portugal's signature chain, ATCUD and QR code, as certified invoicing programs owe them.

    plugin.py      registers
    settings.py    what a company is told of: its series and their validation codes, the program's keys and certificate
    keys.py        reading the private key, the one I/O
    codes.py       document codes, levels and rates
    fields.py      document -> type, parties, taxes by region and level, and what is wrong with them
    qr.py          those -> the text of the QR code
    signature.py   the message, RSA over SHA-1, the four printed characters
    chain.py       one document after another, and whether a whole chain holds
    ready.py       the seal with its settings, as it is put on documents
    seal.py        what is offered

Sources: Portaria 363/2010 art. 6 and Despacho 8632/2014 (signature); Portaria 195/2020 with the AT's "Especificações
técnicas, código QR" (ATCUD, QR).
Not here: communicating series to the AT and the SAF-T file; recovered documents (HashControl 1-FTM …).
"""
