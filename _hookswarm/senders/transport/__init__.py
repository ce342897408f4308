"""How an attempt travels: connections, HTTP, the links between regions."""
