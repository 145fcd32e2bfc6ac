"""What every engine test gets: raw servers, a certificate authority, agents, and a leak check."""

from __future__ import annotations

from support.real_sockets import *  # noqa: F403 - the list is there, for all who need it
