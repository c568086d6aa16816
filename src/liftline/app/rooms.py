"""Which rooms there are: the core ones by name, third parties by entry point."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module, metadata
from typing import Final

from liftline.core.room import Room

CORE_ROOMS: Final = (
    "liftline.platform.state.room",
    "liftline.platform.control.room",
    "liftline.platform.jobs.room",
    "liftline.platform.secrets.room",
    "liftline.platform.audit.room",
    "liftline.platform.access.room",
    "liftline.data.events.room",
    "liftline.data.log.room",
    "liftline.data.collect.room",
    "liftline.data.warehouse.room",
    "liftline.data.metrics.room",
    "liftline.report.dashboards.room",
    "liftline.growth.activation.room",
)
ENTRY_POINTS: Final = "liftline.rooms"


def load_rooms(areas: Iterable[str] = ("growth", "build")) -> tuple[Room, ...]:
    """Every room of the switched-on areas, in floor order, third parties last."""
    switched_on = set(areas)
    rooms: list[Room] = [import_module(name).ROOM for name in CORE_ROOMS]
    rooms += [entry.load() for entry in metadata.entry_points(group=ENTRY_POINTS)]
    return tuple(
        room for room in rooms if room.floor not in ("growth", "build") or room.floor in switched_on
    )


def load_named(reference: str) -> object:
    """What `package.module:name` stands for."""
    module, _, name = reference.partition(":")
    found: object = getattr(import_module(module), name)
    return found
