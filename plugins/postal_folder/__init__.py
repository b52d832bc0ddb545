"""Channel `postal_folder`: a letter is laid into a folder, from which a printer or a mailing service takes it.

    plugin.py      registers
    settings.py    what a connection is told
    letter.py      document -> address lines; PDF -> pages, checked
    client.py      the folder

For each letter two files: `<key>.pdf`, then `<key>.json` with the address. Who prints takes what has both.
"""
