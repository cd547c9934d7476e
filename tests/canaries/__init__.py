"""The canary sweep: a whole gateway in real processes, addresses and secrets that nobody may see,
and a look at everything that is said, written and kept while it works."""
