"""Who receives: the WSGI app, its data plane, the supervisor with its control API, and the fleet."""
