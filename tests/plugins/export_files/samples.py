"""Samples for the conformance kit: formats need none of their own."""

from engine.spi.samples import Samples

SAMPLES = Samples()
