"""Posting in thought: a candidate parametrization is tried on examples and on documents that are posted already.

`rehearse` plans and answers with the code that `post` uses; `comparison` tells what differs; `examples` runs the
`[[example]]` of packs; `replay` posts posted documents again. Pure: nothing is taken, nothing is written.
"""
