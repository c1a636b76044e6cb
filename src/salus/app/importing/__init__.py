"""Import bundles and NDJSON, plain, gzip or zstd. Cut short, it goes on where it was; nothing goes in twice."""

from salus.app.importing.running import import_files, workers_for
from salus.app.importing.telling import Imported, ImportRefused
from salus.app.importing.working import collect_seldom

__all__ = ["ImportRefused", "Imported", "collect_seldom", "import_files", "workers_for"]
