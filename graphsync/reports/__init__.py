"""What commands print: plans, explanations and differences, as text for people and as data for machines.

The view of a coordinator leaves out what tells who owes whom an answer: open requests, who gets which message, and
whose calendar was in the way. `full` is for whoever operates the service, and each look at one mentorship is kept in
the audit.
"""
