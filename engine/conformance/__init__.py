"""The conformance kit: proves any plugin, offline, against a stand-in its author gives.

    kit.py        what a check is, how it is run       documents.py  what plugins are tried with
    general.py    manifest, settings                   formats.py    what renders and what reads
    remotes.py    connection, delivery, idempotency,   stores.py     sources and archives
                  errors, time-outs, privacy, relay    scaffold.py   `factotum plugin new`

`factotum plugin check MODULE` runs it; in a plugin's own tests:

    @pytest.mark.parametrize("check", checks("acme_factotum"), ids=str)
    def test_conforms(check, tmp_path):
        check(tmp_path)
"""

from engine.conformance.documents import invoice
from engine.conformance.kit import context
from engine.conformance.run import Asked, NoSamples, check_plugin, checks

__all__ = ["Asked", "NoSamples", "check_plugin", "checks", "context", "invoice"]
