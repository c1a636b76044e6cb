"""Let `python -m salus` be the command `salus`."""

from salus.cli import main

main()
