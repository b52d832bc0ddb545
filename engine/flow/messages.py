"""The words that go with a document: what a template would say, what a delivery says, and saying it otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.flow.house import Context, House

if TYPE_CHECKING:
    from engine.outbox.messages import Words

CUSTOMISE = "mail.customise"
"""The capability of a plugin whose channels take words."""


def words_of(house: House, context: Context) -> Words:
    """What makes the messages of this house."""
    from engine.outbox import templates
    from engine.outbox.messages import Words
    from engine.spi.contracts import PluginKind

    plugins, kinds = house.plugins, {}
    for name in plugins.channels:
        owner = plugins.manifests.get(plugins.owners.get(("channels", name), ""))
        if owner and owner.kind is PluginKind.SMS:
            kinds[name] = templates.SMS
        elif owner and CUSTOMISE in owner.capabilities:
            kinds[name] = templates.EMAIL
    return Words(house.catalog, kinds, context.clock)
