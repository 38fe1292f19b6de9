"""What stands in the way of a set of moves, and the order in which they can be done. Pure.

Example:
    >>> unique_targets([("a/x.jpg", "x.jpg"), ("b/x.jpg", "X.jpg")])
    ['x.jpg', 'X (2).jpg']
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from os.path import splitext

from mammothbox.organise.names import MAX_NAME_BYTES, collision_key, shorten


def unique_targets(moves: Sequence[tuple[str, str]], taken: Collection[str] = ()) -> list[str]:
    """The targets with a number added where two would have one name, on any file system.

    Args:
        moves: (source, target), paths below the root; files that stay keep their name first.
        taken: other paths that exist and stay.
    """
    used = {collision_key(path) for path in taken}
    numbers: dict[str, int] = {}
    chosen: dict[int, str] = {}
    stays_first = sorted(range(len(moves)), key=lambda place: moves[place][0] != moves[place][1])
    for place in stays_first:
        wanted = target = moves[place][1]
        key = collision_key(wanted)
        while collision_key(target) in used:
            numbers[key] = numbers.get(key, 1) + 1
            target = numbered(wanted, numbers[key])
        used.add(collision_key(target))
        chosen[place] = target
    return [chosen[place] for place in range(len(moves))]


def numbered(path: str, number: int) -> str:
    """``a/x.jpg`` becomes ``a/x (2).jpg``; the name stays short enough to be legal."""
    folder, slash, name = path.rpartition("/")
    stem, extension = splitext(name)
    mark = f" ({number}){extension}"
    room = MAX_NAME_BYTES - len(mark.encode("utf-8", "surrogateescape"))
    return f"{folder}{slash}{shorten(stem, room)}{mark}"


def in_order(moves: Iterable[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """The moves in an order in which every target is free when its turn comes.

    Sources and targets are each distinct. A group of pairs is done one after the other: moves that
    form a ring (a to b, b to a) or change only letters' case go through a name of their own.
    """
    by_source = dict(moves)
    done: set[str] = set()
    ordered: list[list[tuple[str, str]]] = []
    for start in by_source:
        chain: dict[str, None] = {}
        source = start
        while source in by_source and source not in done and source not in chain:
            chain[source] = None
            source = by_source[source]
        pairs = [(link, by_source[link]) for link in reversed(chain)]
        done.update(chain)
        if source in chain:  # a ring: its first goes aside until the others have moved
            aside = _aside(start)
            pairs = [(start, aside), *pairs[:-1], (aside, by_source[start])]
            ordered.append(pairs)
        else:
            ordered += [_case_step(*pair) for pair in pairs]
    return ordered


def _aside(path: str) -> str:
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}.mammothbox-aside-{shorten(name, 200)}"


def _case_step(source: str, target: str) -> list[tuple[str, str]]:
    if collision_key(source) != collision_key(target):
        return [(source, target)]
    return [(source, _aside(source)), (_aside(source), target)]
