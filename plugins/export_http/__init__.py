"""Channel `http`: a posted document goes to a web address, as JSON, as a file, or as multipart.

    plugin.py      registers
    settings.py    what a connection is told
    mapping.py     parcel -> request: body, headers, login, signature
    client.py      the request, and what its answer means

Signature (`login` = `signature`), for whoever receives: three headers as of https://www.standardwebhooks.com.
`webhook-id` is the parcel's key, `webhook-timestamp` the seconds since 1970, and `webhook-signature` is `v1,` and the
base64 of HMAC-SHA256 over the bytes `id.timestamp.body`, keyed with the secret. A secret that begins with `whsec_` is
the base64 of the key, any other is the key as UTF-8. Refuse what is older than five minutes, and an id seen before.
"""
