"""What the functions have in common: the domain, the messages, the ports, their adapters and the runtime."""
