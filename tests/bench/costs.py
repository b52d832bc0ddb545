"""Where the CPU of one posting goes, by cProfile: `python -m tests.bench.costs [sqlite|postgresql]`.

cProfile makes small functions look dearer than they are; it says where to look, not how much there is to win.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
import time
from pathlib import Path

from engine import flow
from engine.app import open_house
from tests.bench import places
from tests.bench.ways import CONTEXT

TIMES, MOST = 300, 40
Function = tuple[str, int, str]


def profiled(dialect: str) -> pstats.Stats:
    with places.opened("memory") as place:
        house = open_house(place.new(dialect))
        documents = [places.document(f"costs-{number}") for number in range(TIMES + 20)]
        for one in documents[TIMES:]:
            flow.post(house, CONTEXT, one)
        profile = cProfile.Profile(time.process_time)  # CPU: on a busy machine wall says little
        profile.enable()
        for one in documents[:TIMES]:
            flow.post(house, CONTEXT, one)
        profile.disable()
        house.database.close()
    return pstats.Stats(profile)


def room(function: Function) -> str:
    """Whose code it is: a room of ours, a package, or the interpreter."""
    parts = Path(function[0]).parts
    for ours in ("engine", "rules", "plugins"):
        if ours in parts:
            return ".".join(parts[parts.index(ours) : -1][:2])
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1]
    return "built in" if function[0] == "~" else "standard library"


def main(dialect: str = "sqlite") -> None:
    found: dict[Function, tuple[int, int, float, float]] = {
        function: values[:4]
        for function, values in profiled(dialect).stats.items()  # type: ignore[attr-defined]
    }
    rooms: dict[str, float] = {}
    for function, (_, _, own, _) in found.items():
        rooms[room(function)] = rooms.get(room(function), 0) + own
    print(f"{dialect}: µs of one posting, by where the time is spent")
    for name, own in sorted(rooms.items(), key=lambda one: -one[1])[:15]:
        print(f"  {own / TIMES * 1e6:7,.0f}  {name}")
    for title, index in (("with what it calls", 3), ("by itself", 2)):
        print(f"\n{title}: µs of one posting, calls, function")
        for function, values in sorted(found.items(), key=lambda one: -one[1][index])[:MOST]:
            file, line, name = function
            where = "/".join(Path(file).parts[-3:])
            print(f"  {values[index] / TIMES * 1e6:7,.0f}  {values[1] / TIMES:6.1f}  {where}:{line} {name}")


if __name__ == "__main__":
    main(*sys.argv[1:])
