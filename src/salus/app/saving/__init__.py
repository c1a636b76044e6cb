"""Back up a node and bring one back: the data in one file, the keys in another, so that a shredded key stays gone."""

from salus.app.saving.backing import Saved, back_up
from salus.app.saving.errors import BackupDamaged, BackupRefused, RestoreFailed
from salus.app.saving.restoring import Restored, restore

__all__ = ["BackupDamaged", "BackupRefused", "RestoreFailed", "Restored", "Saved", "back_up", "restore"]
