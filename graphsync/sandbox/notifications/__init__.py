"""Subscriptions, and how what they watch is told: queue, delivery, resource data, endpoints."""
