"""Rule tests: a small world in virtual time, in which the rules of a programme are tried before anybody gets an invite.

It is the pure core that is run, `decide` and `schedule`; what the service does with what they want is done here at once
and without failure. No calendar, no network, no clock but the test's.
"""
