"""What master and workers share: the messages between them, what is counted, what a process uses."""
