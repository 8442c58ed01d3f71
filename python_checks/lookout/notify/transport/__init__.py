"""Senders: how a message reaches a service."""
