"""Reading a log: stretches of it, in several processes, held against its tree."""
