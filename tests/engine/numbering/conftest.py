"""The house of tests/support/house.py."""

from tests.support.house import demo_file, demo_url, house, sqlite_house

__all__ = ["demo_file", "demo_url", "house", "sqlite_house"]
