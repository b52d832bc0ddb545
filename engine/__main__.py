"""`python -m engine` is `factotum`."""

from engine.edge.cli import main

if __name__ == "__main__":
    main()
