"""The demo server's HTTP/2: loaded only by a host that speaks it."""
