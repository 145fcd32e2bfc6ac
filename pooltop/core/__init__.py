"""The pure pool core: decides, and does nothing else.

No asyncio, socket, ssl, time, random, logging or open() here: every input takes
``now=`` and returns the commands to perform and the events that happened.
"""
