"""Tables of the page, from the results of an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

LIKENESS = {
    "auc_same": ("AUC, same photo", 3),
    "auc_other": ("AUC, other photo", 3),
    "rank1": ("rank-1", 3),
    "rank5": ("rank-5", 3),
    "stability": ("stability", 3),
    "impostor": ("impostor", 3),
}
LEAKS = {
    "lips_parted": ("lips parted", -1),
    "mouth_leak": ("mouth width", 2),
    "yaw_leak": ("yaw", 2),
    "yaw_slope": ("degrees per degree", 3),
}
ACCURACY = {
    "landmark_error": ("landmark error, % of the eyes' distance", 1),
    "texture_error": ("texture error, 0..1", 3),
    "sharpness": ("sharpness", 0),
    "skin": ("skin, CIEDE2000", 1),
}


def number(value: float | None, digits: int) -> str:
    """``value`` with so many digits; -1 is a percentage; a dash for None."""
    if value is None:
        return "&ndash;"
    if digits < 0:
        return f"{value:.1%}".replace("%", " %")
    return f"{value:.{digits}f}"


def table(head: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]], marked: Sequence[bool] = ()) -> str:
    """A table; the first column names the rows. ``marked`` rows stand out."""
    heading = "".join(f"<th>{name}</th>" for name in ("", *head))
    body = []
    for index, (name, cells) in enumerate(rows):
        kind = ' class="main"' if index < len(marked) and marked[index] else ""
        body.append(f"<tr{kind}><th>{escape(name)}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return f'<div class="wide"><table><thead><tr>{heading}</tr></thead><tbody>{"".join(body)}</tbody></table></div>'


def by_maker(makers: Sequence[dict[str, Any]], columns: dict[str, tuple[str, int]], *path: str) -> str:
    """A row for each of ``makers`` that has figures under ``path``; a column for each of ``columns``."""
    rows, marked = [], []
    for maker in makers:
        figures = find(maker, *path)
        if figures:
            rows.append((maker["name"], [number(figures.get(key), digits) for key, (_, digits) in columns.items()]))
            marked.append(maker["kind"] == "weights")
    return table([name for name, _ in columns.values()], rows, marked)


def beyond(makers: Sequence[dict[str, Any]], judges: Sequence[str]) -> str:
    """Mean distance to the photo and share beyond one person, by judge."""
    head = [f"{name}: {what}" for name in judges for what in ("mean distance", "not the same person")]
    rows, marked = [], []
    for maker in makers:
        cells = []
        for judge in judges:
            figures = maker["likeness"][judge]
            cells += [number(figures["distance"], 3), number(figures["beyond"], -1)]
        rows.append((maker["name"], cells))
        marked.append(maker["kind"] == "weights")
    return table(head, rows, marked)


def skin(makers: Sequence[dict[str, Any]]) -> str:
    """CIEDE2000 of the skin by skin tone."""
    measured = [maker for maker in makers if find(maker, "accuracy", "skin_groups")]
    groups = measured[0]["accuracy"]["skin_groups"]
    head = [f"{escape(name)} ({group['people']})" for name, group in groups.items()]
    rows = [
        (maker["name"], [number(group["difference"], 1) for group in maker["accuracy"]["skin_groups"].values()])
        for maker in measured
    ]
    return table(head, rows, [maker["kind"] == "weights" for maker in measured])


def light(makers: Sequence[dict[str, Any]]) -> str:
    """How far each light moves the skin of the outputs; the photographs' mean colour in the first row."""
    measured = [maker for maker in makers if find(maker, "light")]
    names = list(measured[0]["light"])
    rows = [("mean colour of the photos", [number(measured[0]["light"][name]["photo"], 1) for name in names])]
    for maker in measured:
        moves = [maker["light"][name] for name in names]
        rows.append(
            (maker["name"], [f"{number(m['mean'], 1)} <small>({number(m['worst'], 1)})</small>" for m in moves])
        )
    return table([escape(name) for name in names], rows, [False, *(maker["kind"] == "weights" for maker in measured)])


def pose(makers: Sequence[dict[str, Any]], judge: str) -> str:
    """Rank-1 by the yaw of the photo."""
    bins = makers[0]["pose"][judge]
    head = [f"{b['low']} to {b['high']}° ({b['photos']})" for b in bins]
    rows = [(maker["name"], [number(b["rank1"], 2) for b in maker["pose"][judge]]) for maker in makers]
    return table(head, rows, [maker["kind"] == "weights" for maker in makers])


def robustness(makers: Sequence[dict[str, Any]], judge: str, figure: str, digits: int) -> str:
    """One figure of ``Robustness`` for each kind and level; a column for each maker."""
    measured = [maker for maker in makers if maker.get("robustness")]
    rows = []
    for kind, levels in measured[0]["robustness"][judge].items():
        for level in levels:
            cells = [number(maker["robustness"][judge][kind][level][figure], digits) for maker in measured]
            rows.append((f"{kind}, {level}", cells))
    return table([escape(maker["name"]) for maker in measured], rows)


def find(maker: dict[str, Any], *path: str) -> Any:
    """What lies at ``path`` in nested dictionaries, or None."""
    value: Any = maker
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
