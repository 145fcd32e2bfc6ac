"""The asyncio shell: performs what the core decides, on real sockets."""
