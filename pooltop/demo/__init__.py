"""The embedded demo server: loopback hosts whose behaviour is known, in a process of its own."""
