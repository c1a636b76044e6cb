"""Let `python -m salus_audit` be the auditor."""

from salus_audit.command import main

main()
