"""Profiles: what a user wrote in TOML, as values the engine can trust, or as clear problems."""

from pooltop.profiles.loading import Loaded, load, load_profile, load_profile_text, load_text
from pooltop.profiles.problems import Problem, ProfileErrors

__all__ = [
    "Loaded",
    "Problem",
    "ProfileErrors",
    "load",
    "load_profile",
    "load_profile_text",
    "load_text",
]
