"""Channel `email`: a posted document goes out as a mail with its file attached, through an SMTP server.

    plugin.py      registers
    settings.py    what a connection is told
    addresses.py   what counts as an e-mail address, and text that is safe on one line
    mapping.py     parcel -> message, in the document's language; words in templates.toml
    client.py      the conversation with the server, and what its answers mean

A plugin in one page: plugins/README.md.
"""
