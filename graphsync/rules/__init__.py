"""The practices as rules: their schema, the files they are read from, and what is decided by them. Pure."""
