"""Sign-in of staff and residents: passkeys, passwords with TOTP, sessions."""
