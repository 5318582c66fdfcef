"""Who and what the tenant has: people, groups, rooms."""
