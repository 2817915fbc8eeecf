"""Tree ensembles as flat arrays, in the form in which a walker takes them. Beside this is who reads whose trees.

Each tree is its root and then pairs of siblings, the left one first, and a leaf is its own left child with a threshold
of infinity: a walk is then the same step over and over, without asking whether it has arrived.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

NODE = np.dtype([("threshold", "<f8"), ("feature", "<i4"), ("left", "<i4")])


@dataclass(frozen=True)
class Ensemble:
    """Trees and how their leaves add up to a row's numbers: `start + rate * leaf + rate * leaf + …, / divisor`."""

    nodes: NDArray[Any]
    missing_left: NDArray[np.uint8]
    roots: NDArray[np.int32]
    values: NDArray[np.float64]
    """[nodes, width]: width is `columns`, or 1 where tree t adds to column t % columns."""
    features: int
    columns: int
    narrow: bool
    """Whether a feature is rounded to float32 before it is compared."""
    refuses_infinity: bool
    refuses_missing: bool
    start: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    rate: float = 1.0
    divisor: float = 1.0
    single: bool = False
    """Whether leaves are one number each, float32, and added in float32 (then `rate` is 1)."""


@dataclass(frozen=True)
class Tree:
    """One tree with its nodes anywhere, the root first. At a leaf only `values` counts."""

    leaf: NDArray[np.bool_]
    left: NDArray[Any]
    right: NDArray[Any]
    feature: NDArray[Any]
    threshold: NDArray[np.float64]
    missing_left: NDArray[Any]
    values: NDArray[np.float64]


class Layout(NamedTuple):
    """The first fields of an ensemble."""

    nodes: NDArray[Any]
    missing_left: NDArray[np.uint8]
    roots: NDArray[np.int32]
    values: NDArray[np.float64]


def laid_out(trees: Sequence[Tree]) -> Layout:
    """Return the trees one after the other, in the order and form that a walk needs."""
    nodes, missing, values, roots = [], [], [], []
    base = 0
    for tree in trees:
        order, placed = _siblings_together(tree)
        leaf = tree.leaf[order]
        one = np.zeros(len(order), NODE)
        one["threshold"] = np.where(leaf, np.inf, tree.threshold[order])
        one["feature"] = np.where(leaf, 0, tree.feature[order])
        one["left"] = base + np.where(
            leaf, np.arange(len(order)), placed[np.where(leaf, 0, tree.left[order])]
        )
        nodes.append(one)
        missing.append(np.where(leaf, 0, tree.missing_left[order]).astype(np.uint8))
        values.append(tree.values[order])
        roots.append(base)
        base += len(order)
    return Layout(
        nodes=np.concatenate(nodes),
        missing_left=np.concatenate(missing),
        roots=np.array(roots, np.int32),
        values=np.ascontiguousarray(np.concatenate(values), dtype=np.float64),
    )


def _siblings_together(tree: Tree) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the nodes level by level, the two children of one side by side; and each node's place in that order."""
    levels = [np.zeros(1, np.int64)]
    while len(parents := levels[-1][~tree.leaf[levels[-1]]]):
        levels.append(np.stack([tree.left[parents], tree.right[parents]], axis=1).ravel().astype(np.int64))
    order = np.concatenate(levels)
    placed = np.empty(len(tree.leaf), np.int64)
    placed[order] = np.arange(len(order))
    return order, placed


def require_sound(ensemble: Ensemble) -> None:
    """Raise ValueError unless every walk stays inside the arrays and ends: the walkers themselves do not look."""
    if min(ensemble.features, ensemble.columns) < 1:
        raise ValueError("the trees have no columns")
    _require_arrays(ensemble)
    _require_sums(ensemble)
    nodes, count = ensemble.nodes, len(ensemble.nodes)
    places, leaves = np.arange(count), nodes["left"] == np.arange(count)
    # Children come after their parent, both inside; so every walk ends, at a leaf, which keeps it.
    onward = (nodes["left"] > places) & (nodes["left"] < count - 1)
    if not (onward | leaves).all() or not np.isposinf(nodes["threshold"][leaves]).all():
        raise ValueError("a node leads nowhere")
    if ((nodes["feature"] < 0) | (nodes["feature"] >= ensemble.features)).any():
        raise ValueError("a split asks for a column that is not there")
    _require_pairs(nodes["left"], leaves, ensemble.roots)


def _require_arrays(ensemble: Ensemble) -> None:
    """Raise ValueError unless the arrays lie in memory as C, which has only their addresses, takes them to."""
    nodes, missing, roots, values = ensemble.nodes, ensemble.missing_left, ensemble.roots, ensemble.values
    if nodes.dtype != NODE or missing.dtype != np.uint8 or roots.dtype != np.int32:
        raise ValueError("the trees' arrays are not of the types they must be of")
    if values.dtype != np.float64 or values.ndim != 2 or ensemble.start.dtype != np.float64:
        raise ValueError("the trees' leaves are no matrix of numbers")
    if not nodes.shape == missing.shape == values.shape[:1] or roots.ndim != 1:
        raise ValueError("the trees' arrays are not of one length")
    if not all(array.flags.c_contiguous for array in (nodes, missing, roots, values)):
        raise ValueError("the trees' arrays are not in C's order")


def _require_sums(ensemble: Ensemble) -> None:
    """Raise ValueError unless it is settled which column each leaf's numbers are added to, and from where on."""
    width, columns, start = ensemble.values.shape[1], ensemble.columns, ensemble.start
    if width not in (1, columns) or (width == 1 and len(ensemble.roots) % columns):
        raise ValueError("the leaves are not as wide as the answer")
    if start.shape not in ((1,), (columns,)):
        raise ValueError("the sums start at other columns than the answer's")
    if ensemble.single and (width > 1 or ensemble.rate != 1.0 or (start != start.astype(np.float32)).any()):
        raise ValueError("sums in float32 are of single numbers in float32")


def _require_pairs(left: NDArray[Any], leaves: NDArray[np.bool_], roots: NDArray[np.int32]) -> None:
    """Raise ValueError unless the trees lie one after the other, each as its root and then pairs of siblings."""
    count = len(left)
    if not len(roots) or roots[0] != 0 or (np.diff(roots) <= 0).any() or roots[-1] >= count:
        raise ValueError("a tree has no root")
    tree = np.searchsorted(roots, np.arange(count), side="right") - 1
    children = left[~leaves]
    astray = (tree[children] != tree[~leaves]) | ((children - roots[tree[children]]) % 2 == 0)
    if (np.diff(np.append(roots, count)) % 2 == 0).any() or astray.any():
        raise ValueError("a tree's siblings do not lie side by side")
