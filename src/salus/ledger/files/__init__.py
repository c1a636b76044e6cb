"""The log as static files (C2SP tlog-tiles): putting them in place durably, and checking them from outside."""
