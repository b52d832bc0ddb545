"""Channel `sms`: a text about a posted document goes to phones, through a gateway that is spoken to over the web.

    plugin.py      registers
    settings.py    what a connection is told
    phones.py      numbers as people write them -> E.164
    segments.py    how many messages a text takes, which is what is paid for
    owed.py        who is still to get one, when the engine comes back
    mapping.py     parcel -> text, and text -> the gateway's request; words in texts.toml
    client.py      one request per phone, and what the answers mean

Gateways: `twilio`, `skebby`, and `custom` for any that takes one POST per message, as a form or as JSON.
"""
