"""A run's numbers for other systems: the same instruments for each, with OpenTelemetry's names.

An export lives in the engine's process, so that an engine of the background has it too, and in a
thread, so that the engine waits for none. It is handed pictures and asks for nothing else.
"""
