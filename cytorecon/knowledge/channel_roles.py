"""What a detector measures and which side of the pulse, read from its name."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.knowledge.patterns import Pattern
from cytorecon.sample import ChannelRole
from cytorecon.values import Frozen

FILE = "channel_roles.yaml"


class RolePattern(Frozen):
    """One row of ``roles``: names that match `pattern` as a whole have `role`."""

    role: ChannelRole
    pattern: Pattern
    source: str


class AspectPattern(Frozen):
    """One row of ``aspects``: names in which `pattern` is found hold this side of the pulse."""

    aspect: Literal["A", "H", "W"]
    pattern: Pattern
    source: str


class AmplificationPattern(Frozen):
    """What a name says about the amplifier, cut off to tell detectors apart."""

    pattern: Pattern
    source: str


class ChannelRoles(Frozen):
    """The file ``channel_roles.yaml``: ordered patterns, the first match decides."""

    roles: tuple[RolePattern, ...]
    aspects: tuple[AspectPattern, ...]
    amplification: AmplificationPattern

    @cached_property
    def _role_patterns(self) -> tuple[tuple[re.Pattern[str], ChannelRole], ...]:
        return tuple((re.compile(row.pattern, re.IGNORECASE), row.role) for row in self.roles)

    @cached_property
    def _any_role(self) -> re.Pattern[str]:
        return re.compile("|".join(f"(?:{row.pattern})" for row in self.roles), re.IGNORECASE)

    @cached_property
    def _aspect_patterns(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        return tuple((re.compile(row.pattern, re.IGNORECASE), row.aspect) for row in self.aspects)

    def role_of(self, name: str) -> ChannelRole:
        """Return the role of the detector called `name`; fluorescence when no pattern matches.

        Examples
        --------
        >>> roles = load_channel_roles()
        >>> [str(roles.role_of(name)) for name in ("FS INT", "SSC-H", "HDR-TM", "CD8")]
        ['forward_scatter', 'side_scatter', 'time', 'fluorescence']
        """
        name = name.strip()
        if not self._any_role.fullmatch(name):  # most channels: one match instead of one per row
            return ChannelRole.FLUORESCENCE
        for pattern, role in self._role_patterns:
            if pattern.fullmatch(name):
                return role
        return ChannelRole.FLUORESCENCE

    def aspect_of(self, name: str) -> str:
        """Return ``"A"``, ``"H"``, ``"W"`` or an empty string for the detector called `name`.

        Examples
        --------
        >>> [load_channel_roles().aspect_of(name) for name in ("FS PEAK LIN", "SS INT", "PE-W", "FL1")]
        ['H', 'A', 'W', '']
        """
        name = name.strip()
        for pattern, aspect in self._aspect_patterns:
            if pattern.search(name):
                return aspect
        return ""

    def detector_of(self, name: str) -> str:
        """Return `name` without side of the pulse and amplification.

        Examples
        --------
        >>> [load_channel_roles().detector_of(name) for name in ("FITC-A", "FITC-H", "FL1 Log", "FL1 LinA")]
        ['FITC', 'FITC', 'FL1', 'FL1']
        """
        name = name.strip()
        for pattern, _ in self._aspect_patterns:
            name, hits = pattern.subn("", name)
            if hits:
                break
        return re.sub(self.amplification.pattern, "", name, flags=re.IGNORECASE)


@lru_cache(maxsize=8)
def load_channel_roles(folder: Path | None = None) -> ChannelRoles:
    """Return the patterns of ``channel_roles.yaml``.

    Parameters
    ----------
    folder : Path, optional
        The user's knowledge folder; its file replaces the packaged one.

    Raises
    ------
    KnowledgeError
        If the file is malformed.
    """
    return validated(ChannelRoles, read_yaml(FILE, folder=folder), subject=FILE)
