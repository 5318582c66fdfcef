"""Good mentoring practice, put into effect through Microsoft Graph."""
