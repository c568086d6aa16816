"""Walls around other people's code: each vendor is imported in few named places."""

from __future__ import annotations

import sys
from typing import cast

import grimp
from importlinter import Contract, ContractCheck, fields, output

from house.modules import matches_any


class VendorsOnlyHere(Contract):
    """The named packages are imported by the named modules and no others.

    vendors: top-level package names.
    importers: module patterns; `*` is one segment, `**` one or more.
    """

    type_name = "vendors_only_here"

    vendors = fields.ListField(subfield=fields.StringField())
    importers = fields.ListField(subfield=fields.StringField())

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        allowed = cast(list[str], self.importers)
        trespasses = [
            (importer, vendor)
            for vendor in cast(list[str], self.vendors)
            if vendor in graph.modules
            for importer in sorted(graph.find_modules_that_directly_import(vendor))
            if not matches_any(importer, allowed)
        ]
        return ContractCheck(kept=not trespasses, metadata={"trespasses": trespasses})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, vendor in check.metadata["trespasses"]:
            output.print_error(f"{importer} -> {vendor}", bold=False)
        places = ", ".join(cast(list[str], self.importers))
        output.print_error(f"Cure: put the vendor's code in {places}.", bold=False)


class StandardLibraryOnly(Contract):
    """A package imports Python's own library and itself, nothing else."""

    type_name = "standard_library_only"

    package = fields.StringField()

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        package = cast(str, self.package)
        root = package.split(".", maxsplit=1)[0]
        known = sys.stdlib_module_names | {root}
        trespasses = [
            (module, imported)
            for module in sorted({package} | graph.find_descendants(package))
            for imported in sorted(graph.find_modules_directly_imported_by(module))
            if imported.split(".", maxsplit=1)[0] not in known
        ]
        return ContractCheck(kept=not trespasses, metadata={"trespasses": trespasses})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for module, imported in check.metadata["trespasses"]:
            output.print_error(f"{module} -> {imported}", bold=False)
        output.print_error(
            "Cure: define a port below and put the vendor in an adapter.", bold=False
        )
