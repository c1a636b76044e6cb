"""How figures of other departments come in: by a closed schema that has no field for a person."""
