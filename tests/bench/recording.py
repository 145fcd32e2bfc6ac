"""What recording costs: CPU milliseconds an update and bytes, by hosts; and what reading costs.

    PYTHONPATH=. python tests/bench/recording.py [hosts] [seconds]

200 hosts have 2,000 sockets and 5,000 queued requests (``busy``). Counted in process CPU time, so
that a busy machine says the same; making the pictures is not counted. In use the writing is on a
thread of its own.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from busy import BusyEngine

from pooltop.sources.recording_format import Meta
from pooltop.sources.recording_reader import Recording
from pooltop.sources.recording_writer import RecordingFile

INTERVAL_S = 0.5


def main() -> None:
    """Measure and print."""
    hosts = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 20.0
    engine = BusyEngine(hosts)
    with tempfile.TemporaryDirectory() as there:
        path = str(Path(there) / "r")
        file = RecordingFile(path)
        file.begin(Meta())
        writing: list[float] = []
        for _ in range(int(seconds / INTERVAL_S)):
            update = engine.step(INTERVAL_S)
            before = time.process_time()
            file.append(update)
            writing.append(time.process_time() - before)
        file.finish()
        reading: list[float] = []
        with Recording(path) as recording:
            for index in range(len(recording)):
                before = time.process_time()
                recording.snapshot(index)
                reading.append(time.process_time() - before)
        size = Path(path).stat().st_size
    print(f"{hosts} hosts: {size / len(writing) / 1024:.0f} KiB an update")
    print(f"writing one  {statistics.fmean(writing) * 1000:6.1f} ms")
    print(f"reading one  {statistics.fmean(reading) * 1000:6.1f} ms")


if __name__ == "__main__":
    main()
