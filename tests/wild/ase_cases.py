"""ASE: forces and stresses of interatomic potentials, derivatives of angles."""

from functools import partial

import numpy as np

from wild.case import Case

POTENTIALS = {
    "EMT": ("emt", "EMT", {}),
    "LennardJones": ("lj", "LennardJones", {"sigma": 2.3, "epsilon": 0.4, "rc": 4.6}),
    "LennardJones-smooth": (
        "lj",
        "LennardJones",
        {"sigma": 2.3, "epsilon": 0.4, "rc": 5.6, "ro": 4.0, "smooth": True},
    ),
    "MorsePotential": (
        "morse",
        "MorsePotential",
        {"epsilon": 0.4, "rho0": 6.0, "r0": 2.6, "rcut1": 1.6, "rcut2": 2.2},
    ),
    "TIP3P": ("tip3p", "TIP3P", {"rc": 9.0, "width": 1.0}),
    "TIP4P": ("tip4p", "TIP4P", {"rc": 9.0, "width": 1.0}),
}
CRYSTALS = ("EMT", "LennardJones", "LennardJones-smooth", "MorsePotential")


def _calculator(name):
    import importlib

    module, kind, options = POTENTIALS[name]
    return getattr(importlib.import_module(f"ase.calculators.{module}"), kind)(**options)


def _atoms(name):
    import ase
    from ase import build

    if name.startswith("TIP"):
        water = build.molecule("H2O").get_positions()
        atoms = ase.Atoms(
            "OH2OH2", np.concatenate([water, water + np.array([3.0, 0.3, 0.2])]), cell=[20, 20, 20]
        )
    else:
        draw = np.random.default_rng(5)
        atoms = build.bulk("Cu", cubic=True)
        atoms.positions += 0.1 * draw.normal(size=atoms.positions.shape)
        atoms.set_cell(atoms.cell[:] + 0.05 * draw.normal(size=(3, 3)))
    atoms.calc = _calculator(name)
    return atoms


def forces(name):
    """Check the forces: the negative slope of the energy by the positions."""
    atoms = _atoms(name)

    def at(x, method):
        atoms.set_positions(x)
        return getattr(atoms, method)()

    return (
        lambda x: float(at(x, "get_potential_energy")),
        atoms.get_positions(),
        lambda x: -at(x, "get_forces"),
    )


def stress(name):
    """Check the stress as the slope of the energy by the deformation of the cell."""
    start = _atoms(name)

    def deformed(F):
        atoms = start.copy()
        atoms.calc = _calculator(name)
        atoms.set_cell(start.cell[:] @ F.T, scale_atoms=True)
        return atoms

    def slope(F):
        atoms = deformed(F)
        return atoms.get_volume() * atoms.get_stress(voigt=False) @ np.linalg.inv(F).T

    F = np.eye(3) + 0.01 * np.random.default_rng(6).normal(size=(3, 3))
    return lambda F: float(deformed(F).get_potential_energy()), F, slope


def geometry(kind, vectors):
    """Check the derivatives of a distance, angle or dihedral by the positions."""
    from ase.geometry import geometry

    value, slope = getattr(geometry, f"get_{kind}"), getattr(geometry, f"get_{kind}_derivatives")
    x = np.random.default_rng(7).normal(size=(len(vectors) + 1, 3))

    def between(x):
        return [[x[j] - x[i]] for i, j in vectors]

    return lambda x: float(value(*between(x))[0]), x, lambda x: slope(*between(x))[0]


def distance():
    """Check the derivative of a distance."""
    from ase.geometry import get_distances_derivatives

    x = np.random.default_rng(7).normal(size=(2, 3))
    return lambda x: np.linalg.norm(x[1] - x[0]), x, lambda x: get_distances_derivatives([x[1] - x[0]])[0]


CASES = [
    *(Case("ase", f"{name}.get_forces", partial(forces, name)) for name in POTENTIALS),
    *(Case("ase", f"{name}.get_stress", partial(stress, name)) for name in CRYSTALS),
    Case("ase", "get_distances_derivatives", distance),
    Case("ase", "get_angles_derivatives", partial(geometry, "angles", [(1, 0), (1, 2)])),
    Case("ase", "get_dihedrals_derivatives", partial(geometry, "dihedrals", [(0, 1), (1, 2), (2, 3)])),
]
