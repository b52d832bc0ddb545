"""Channel `sftp`: the files of a posted document go into a folder of an SFTP server.

    plugin.py      registers
    settings.py    what a connection is told
    naming.py      parcel -> file names, safe on any system
    line.py        the connection: address, host key, login, time; what its errors mean
    client.py      upload, check, rename; test and find

A file is written as `name.part`, checked, then renamed, so nobody there ever sees half of one. A second hand-over of
the same parcel finds its files there and leaves them.
"""
