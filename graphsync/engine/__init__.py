"""The loop of graphsync: look, decide, schedule, perform; written against Protocols alone."""
