"""What senders and receivers agree on before a byte is sent: event identity, headers, signature, regions."""
