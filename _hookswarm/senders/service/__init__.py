"""Somebody's delivery service: the table that describes it, and the requests that set it up, publish and tear down."""
