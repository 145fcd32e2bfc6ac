"""HTTP/2 sessions without I/O: octets in, what they mean to sinks, octets out (RFC 9113)."""
