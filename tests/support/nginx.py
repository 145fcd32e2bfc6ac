"""nginx on a listening socket that it inherits: it can be connected to at once, on a sure port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
"""The program; None where there is none."""


def start_nginx(conf: str, folder: Path, **fields: object) -> tuple[subprocess.Popen[bytes], int]:
    """Start it; gives the process, which the caller ends, and its port.

    Args:
        conf: its configuration, with ``{dir}``, ``{port}`` and the fields to fill in.
        folder: where its files go.
        fields: of the configuration.
    """
    assert NGINX is not None
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        file = folder / "nginx.conf"
        file.write_text(conf.format(dir=folder, port=port, **fields))
        process = subprocess.Popen(
            [NGINX, "-c", str(file), "-p", str(folder)],
            pass_fds=[listener.fileno()],
            # As when one nginx takes over from another: the sockets by number.
            env={**os.environ, "NGINX": f"{listener.fileno()};"},
        )
    return process, port
