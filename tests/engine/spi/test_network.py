"""The environment may allow networks; what it says wrong is told."""

import pytest

from engine.spi.net import BadNetworks, network_from


def test_an_installation_allows_networks_of_its_own() -> None:
    assert not network_from({}).allows("127.0.0.1")
    assert network_from({"FACTOTUM_ALLOWED_NETWORKS": "10.1.0.0/16, 127.0.0.0/8"}).allows("127.0.0.1")


def test_what_is_no_network_is_told() -> None:
    with pytest.raises(BadNetworks, match="is no list of networks"):
        network_from({"FACTOTUM_ALLOWED_NETWORKS": "the cellar"})
