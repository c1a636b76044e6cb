"""Search, strict: an unknown parameter, modifier, prefix or value is an error that names it, never a wider answer."""
