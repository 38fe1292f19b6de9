"""Lets `python -m mammothbox` stand for the `mammothbox` command."""

from mammothbox.interfaces.cli import main

if __name__ == "__main__":
    main()
