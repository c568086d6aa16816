"""A wall around each room: others come in by its doors.

import-linter's own `protected` contract cannot say "a room may import its own private
modules" for rooms it does not know by name, so a new room would be open until somebody
remembered it. This one closes every package one level under a floor by itself.
"""

from __future__ import annotations

from typing import cast

import grimp
from importlinter import Contract, ContractCheck, fields, output


class ClosedRooms(Contract):
    """Of a room, other rooms import only its doors.

    floors: packages whose children are rooms.
    doors: module names inside a room that anyone (below the floors' own order) may import.
    composition_root: the package that wires rooms together.
    composition_doors: further module names that the composition root alone may import.
    embedded: `adapter -> room` pairs: the adapter that ships with the room's own port and
    reads what the room keeps to itself, such as a file format.
    """

    type_name = "closed_rooms"

    floors = fields.ListField(subfield=fields.StringField())
    doors = fields.SetField(subfield=fields.StringField())
    composition_root = fields.StringField()
    composition_doors = fields.SetField(subfield=fields.StringField())
    embedded = fields.SetField(subfield=fields.StringField(), required=False, default=set())

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        trespasses: list[tuple[str, str]] = []
        for floor in cast(list[str], self.floors):
            present = floor in graph.modules
            for room in sorted(graph.find_children(floor)) if present else ():
                trespasses += self._trespasses(graph, room)
        return ContractCheck(kept=not trespasses, metadata={"trespasses": trespasses})

    def _trespasses(self, graph: grimp.ImportGraph, room: str) -> list[tuple[str, str]]:
        inside = {room} | graph.find_descendants(room)
        doors = {f"{room}.{door}" for door in cast(set[str], self.doors)}
        return [
            (importer, module)
            for module in sorted(inside - doors)
            for importer in sorted(graph.find_modules_that_directly_import(module) - inside)
            if not self._is_composition(importer, module, room)
            and not self._is_embedded(importer, room)
        ]

    def _is_composition(self, importer: str, module: str, room: str) -> bool:
        doors = {f"{room}.{door}" for door in cast(set[str], self.composition_doors)}
        return module in doors and importer.startswith(f"{self.composition_root}.")

    def _is_embedded(self, importer: str, room: str) -> bool:
        pairs = [pair.split(" -> ") for pair in cast(set[str], self.embedded)]
        return any(
            room == inside and (importer == adapter or importer.startswith(f"{adapter}."))
            for adapter, inside in pairs
        )

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, module in check.metadata["trespasses"]:
            output.print_error(f"{importer} -> {module}", bold=False)
        doors = ", ".join(f"{door}.py" for door in sorted(cast(set[str], self.doors)))
        output.print_error(f"Cure: call the room by a door ({doors}).", bold=False)
