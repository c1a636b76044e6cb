"""Access tokens: issued to systems by SMART Backend Services, checked on every request."""
