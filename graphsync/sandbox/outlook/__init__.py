"""Mailboxes as Exchange has them: calendars with their copies and series, free and busy times, delta, mail."""
