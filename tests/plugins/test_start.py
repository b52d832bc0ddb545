"""Starting loads no library of a connector: whoever lists types should not wait for SSH and the web."""

from __future__ import annotations

import json
import subprocess
import sys

OURS = ("export_files", "export_http", "export_sftp", "sms_http")
HEAVY = ("httpx", "httpcore", "paramiko", "cryptography", "idna", "ssl", "asyncio")


def test_registering_the_connectors_loads_none_of_their_libraries() -> None:
    asks = (
        "import json, sys\nfrom importlib import import_module\nfrom engine.spi.host import register\n"
        f"found = register([(one, import_module(f'plugins.{{one}}.plugin')) for one in {OURS}])\n"
        f"heavy = [one for one in {HEAVY} if one in sys.modules]\n"
        "print(json.dumps([sorted(found.channels), sorted(found.formats), heavy]))"
    )
    done = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [["http", "sftp", "sms"], ["csv", "json"], []]
