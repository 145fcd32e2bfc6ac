"""undici's dispatchers on real sockets: the imperative half of ``core/undici``."""
