"""A picture of the screen as PNG, where the library for it is installed (extra ``png``)."""

from __future__ import annotations

_MISSING = 'PNG needs the extra "png": pip install "pooltop[png]"; SVG needs nothing'


def as_png(svg: str) -> bytes | str:
    """Give the picture, or in words why it cannot be made."""
    try:
        import cairosvg  # noqa: PLC0415 - optional, and slow to load
    except (ImportError, OSError):
        # OSError: the package is there, the system's cairo library is not.
        return _MISSING
    try:
        # The font that Textual names is fetched by browsers alone: without it cairo would take one
        # whose letters differ in width.
        png: bytes = cairosvg.svg2png(bytestring=svg.replace("Fira Code", "monospace").encode())
    except Exception as error:  # noqa: BLE001 - whatever it is, the session goes on
        return f"the picture could not be drawn: {error}"
    return png
