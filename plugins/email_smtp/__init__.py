"""Channel `email`: a posted document goes out as a mail with its file attached, through an SMTP server.

    plugin.py      registers
    settings.py    what a connection is told
    addresses.py   what counts as an e-mail address, and text that is safe on one line
    mapping.py     parcel -> mail; words of our own, where the parcel brings none, in templates.toml
    conversation.py  what is said to the server, and what its answers mean
    client.py      what the channel does
    bounces.py     what a mail that came back says
    returned.py    the mailbox that it comes back to

A plugin in one page: plugins/README.md.
"""
