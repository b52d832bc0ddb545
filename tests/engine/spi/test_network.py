"""The environment may allow networks; what it says wrong is told."""

from contextlib import suppress

import pytest

from engine.spi import ConfigError
from engine.spi.net import BadNetworks, network_from


def test_an_installation_allows_networks_of_its_own() -> None:
    assert not network_from({}).allows("127.0.0.1")
    assert network_from({"FACTOTUM_ALLOWED_NETWORKS": "10.1.0.0/16, 127.0.0.0/8"}).allows("127.0.0.1")


def test_what_is_no_network_is_told() -> None:
    with pytest.raises(BadNetworks, match="is no list of networks"):
        network_from({"FACTOTUM_ALLOWED_NETWORKS": "the cellar"})


def test_what_is_refused_tells_how_it_is_allowed() -> None:
    with pytest.raises(ConfigError, match=r"no public address; .* FACTOTUM_ALLOWED_NETWORKS=10\.1\.2\.3/32$"):
        network_from({}).address("10.1.2.3", 25)
    for never in ("169.254.169.254", "0.0.0.0", "8.8.8.8"):  # noqa: S104
        with suppress(ConfigError):
            network_from({}).addresses(never, 80, inside=True)
            pytest.fail("it was let through")
    with pytest.raises(ConfigError, match="which is no public address$"):
        network_from({}).address("169.254.169.254", 80)
