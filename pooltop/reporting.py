"""The HTML report of a run: of one that is watched, or of a recording."""

from __future__ import annotations

import os
import platform

from pooltop import __version__
from pooltop.present.report.gather import Gathering
from pooltop.present.report.page import About, page
from pooltop.sources.base import Source, Update
from pooltop.sources.recorded import Recorded, open_recording
from pooltop.sources.recording_format import RecordingError
from pooltop.sources.recording_writer import NewFile
from pooltop.sources.tee import Tee


class ReportTee(Tee):
    """A Source that passes another one on and writes a report of it at its end."""

    def __init__(self, source: Source, path: str) -> None:
        """Make the file; nothing of the source is started.

        Args:
            source: what to watch; closed with this one.
            path: a file that is not there yet; only its owner may read it. It is taken away again
                if not one update comes.

        Raises:
            RecordingError: the file exists, or cannot be made.
        """
        super().__init__(source)
        self._file: NewFile | None = NewFile(path)
        self._gathering = Gathering()
        self._said = self._failure = ""

    @property
    def failure(self) -> str:
        """Why there is no report, in words; empty while all is well."""
        return self._failure

    def finish(self) -> None:
        """Write the report; safe to call twice."""
        file, self._file = self._file, None
        if file is None:
            return
        try:
            self._said = write_page(file, self._gathering, About(machine_facts()))
        except RecordingError as error:
            self._said = self._failure = str(error)

    def summary(self) -> str:
        """Say what became of it, after its end."""
        return self._said

    def _take(self, update: Update) -> None:
        self._gathering.add(update.snapshot)
        self._on_update(update)


def report_recording(recording: str, path: str) -> str:
    """Write the report of a recording; gives what to say of it.

    Args:
        recording: what ``--record`` or ``--json`` wrote.
        path: a file that is not there yet.

    Raises:
        RecordingError: the recording cannot be read, or the file not be made or written.
    """
    with open_recording(recording) as recorded:
        file = NewFile(path)
        try:
            gathering, damaged = _gathered(recorded)
        except BaseException:
            file.take_away()
            file.close()
            raise
        notes = [recorded.note] if recorded.note else []
        if damaged:
            notes.append(f"{damaged} damaged snapshots are left out")
        facts = [("recording", recording), ("recorded by", f"pooltop {recorded.meta.pooltop}")]
    about = About((*facts, ("report by", f"pooltop {__version__}")), tuple(notes))
    return write_page(file, gathering, about)


def _gathered(recorded: Recorded) -> tuple[Gathering, int]:
    """Give what a recording tells, and how many of its snapshots are damaged.

    Raises:
        RecordingError: all of them are.
    """
    gathering, damaged = Gathering(), 0
    for index in range(len(recorded)):
        snapshot = recorded.snapshot(index)
        if snapshot is None:
            damaged += 1
        else:
            gathering.add(snapshot)
    if damaged == len(recorded):
        raise RecordingError(f"{recorded.path} has no snapshot that can be read")
    return gathering, damaged


def write_page(file: NewFile, gathering: Gathering, about: About) -> str:
    """Write the page of a run into a new file, and close it; gives what to say of it.

    Raises:
        RecordingError: it cannot be written; there is no file then.
    """
    gathering.finish()
    if gathering.last is None:
        file.take_away()
        file.close()
        return f"nothing was watched: no report in {file.path}"
    _fill(file, page(gathering, about))
    return f"report in {file.path}"


def write_new(path: str, text: str) -> str:
    """Write a page into a new file; gives what to say of it.

    Raises:
        RecordingError: it exists, or cannot be made or written.
    """
    _fill(NewFile(path), text)
    return f"page in {path}"


def _fill(file: NewFile, text: str) -> None:
    try:
        file.write(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        file.take_away()
        raise RecordingError(f"{file.path} cannot be written: {error.strerror}") from error
    finally:
        file.close()


def machine_facts() -> tuple[tuple[str, str], ...]:
    """Give what this machine and program are; not how the machine is called."""
    return (
        ("pooltop", __version__),
        ("Python", platform.python_version()),
        ("system", f"{platform.system()} {platform.release()} {platform.machine()}"),
        ("processors", str(os.cpu_count() or "unknown")),
    )


__all__ = ["ReportTee", "machine_facts", "report_recording", "write_new", "write_page"]
