"""Walks through values by their anatomy and digests them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from naavre_ext.executors.portraits.anatomy import (
    ATOMS,
    Anatomy,
    Leaf,
    atom_text,
    digest_of,
    shortened,
)
from naavre_ext.executors.portraits.memories import Memories
from naavre_ext.executors.portraits.outlines import Outlines
from naavre_ext.executors.portraits.rules import anatomy_of
from naavre_ext.model.portrait import Portrait, mismatches

#: Parts kept per variable, so that a difference can be found in them; the digest covers all.
_MOST_PARTS = 20_000
#: Objects and pairs of places beyond which sharing between variables isn't followed.
_MOST_OBJECTS = 200_000
_MOST_SHARED = 1_000

_Link = tuple[str, Any]


class _Scope:
    """The objects met within one variable, numbered as they are met."""

    def __init__(self) -> None:
        self.seen: dict[int, tuple[int, _Link]] = {}
        self.memories = Memories()

    def note(self, obj: Any, link: _Link) -> None:
        self.seen[id(obj)] = (len(self.seen), link)


@dataclass(slots=True)
class _Frame:
    """A value under the brush."""

    label: str
    value: Any
    anatomy: Anatomy
    link: _Link
    parts: Iterator[tuple[str, Any]]
    shared: bool = False
    done: list[Portrait] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    pure: bool = True
    note: str = ""
    opaque: str = ""


class Painter:
    """Portrays variables of one namespace; ``shared`` are the places that are one object in two of them.

    ``render`` draws figures to compare what they show, which leaves traces in them: for the end of a run only.
    """

    def __init__(self, *, render: bool = False) -> None:
        self.render = render
        self.shared: list[tuple[str, str]] = []
        self._owners: dict[int, tuple[str, _Link]] = {}
        self._memories = Memories()
        self._met_memories = 0
        self._pure: dict[int, Portrait] = {}
        self._alive: list[Any] = []
        self._outlines = Outlines(partial(anatomy_of, render=False))
        self._variable, self._scope = "", _Scope()
        self._room = 0

    def portray(self, name: str, value: Any) -> Portrait:
        """The portrait of a variable; what can't be looked into is said in it."""
        self._room, self._variable, self._scope = _MOST_PARTS, name, _Scope()
        try:
            return self._walk(name, value)
        except Exception as error:  # noqa: BLE001  (objects may change meanwhile, or lie about themselves)
            reason = f"{type(error).__name__}: {error}"
            return _leaf(name, Leaf(type(value).__qualname__, "", b""), opaque=reason)

    def _walk(self, name: str, value: Any) -> Portrait:
        stack: list[_Frame] = []
        finished = self._enter(stack, name, value, (name, None), shared=False)
        while stack:
            frame = stack[-1]
            part = next(frame.parts, None)
            if part is None:
                stack.pop()
                finished = self._finish(frame)
                if stack:
                    self._add(stack[-1], finished, pure=frame.pure and not frame.anatomy.tracked)
                continue
            label, inner = part
            found = self._enter(stack, label, inner, (label, frame.link), frame.shared)
            if found is not None:
                self._add(frame, found, pure=found.kind != _SAME)
        assert finished is not None
        return finished

    def _enter(
        self, stack: list[_Frame], label: str, value: Any, link: _Link, shared: bool
    ) -> Portrait | None:
        """The value's portrait if there's nothing to look into; else None, and its frame is on the stack."""
        if isinstance(value, Leaf):
            return _leaf(label, value)
        if type(value) in ATOMS:
            text = atom_text(value)
            return _leaf(label, Leaf(type(value).__name__, shortened(text), text))
        scope = self._scope
        seen = scope.seen.get(id(value))
        if seen is not None:
            number, first = seen
            text = f"the same object as {path_of(first)}"
            return _leaf(label, Leaf(_SAME, text, f"{number}"))
        known = self._pure.get(id(value))
        if known is not None:
            return Portrait(label, known.kind, known.text, known.digest, known.parts, known.opaque)
        ready = isinstance(value, Anatomy)
        anatomy = value if ready else anatomy_of(value, render=self.render)
        parts = self._outlines.in_order([*anatomy.parts]) if anatomy.unordered else anatomy.parts
        frame = _Frame(label, value, anatomy, link, iter(parts), shared)
        frame.opaque = anatomy.opaque
        self._alive.append(value)
        if anatomy.tracked:
            scope.note(value, link)
            self._meet(frame, id(value))
        if anatomy.memory is not None:
            number = scope.memories.number(anatomy.memory, len(scope.seen))
            if number < len(scope.seen):
                frame.note = f"memory {number}"
            self._met_memories += 1
            self._meet(frame, -self._memories.number(anatomy.memory, self._met_memories))
        stack.append(frame)
        return None

    def _meet(self, frame: _Frame, key: int) -> None:
        """Note where else an object, or a memory, is held."""
        if frame.shared:
            return
        owner = self._owners.get(key)
        if owner is None:
            if len(self._owners) < _MOST_OBJECTS:
                self._owners[key] = (self._variable, frame.link)
        elif owner[0] != self._variable:
            frame.shared = True
            if len(self.shared) < _MOST_SHARED:
                self.shared.append((path_of(owner[1]), path_of(frame.link)))

    def _add(self, frame: _Frame, part: Portrait, *, pure: bool) -> None:
        frame.labels.append(part.label)
        frame.digests.append(part.digest)
        frame.pure = frame.pure and pure
        frame.opaque = frame.opaque or part.opaque
        if self._room > 0:
            self._room -= 1
            frame.done.append(part)

    def _finish(self, frame: _Frame) -> Portrait:
        anatomy = frame.anatomy
        pairs = list(zip(frame.labels, frame.digests, strict=True))
        if anatomy.unordered:
            pairs.sort(key=lambda pair: pair[1])
            pairs = [("", digest) for _, digest in pairs]
        own = (anatomy.kind, anatomy.text, anatomy.content, frame.note)
        digest = digest_of(*own, *chain_pairs(pairs))
        whole = len(frame.done) == len(frame.labels) and not anatomy.unordered
        parts = tuple(frame.done) if whole else ()
        made = Portrait(frame.label, anatomy.kind, anatomy.text, digest, parts, frame.opaque)
        if not anatomy.tracked and frame.digests:
            if frame.pure:
                self._pure[id(frame.value)] = made
            else:
                self._scope.note(frame.value, frame.link)
        return made


_SAME = "reference"


def chain_pairs(pairs: list[tuple[str, bytes]]) -> Iterator[bytes | str]:
    """Labels and digests, one after the other."""
    for label, digest in pairs:
        yield label
        yield digest


def _leaf(label: str, leaf: Leaf, opaque: str = "") -> Portrait:
    return Portrait(label, leaf.kind, leaf.text, digest_of(leaf.kind, leaf.content), (), opaque)


def path_of(link: _Link) -> str:
    """``xs[3].name`` for a place."""
    labels: list[str] = []
    rest: Any = link
    while rest is not None:
        label, rest = rest
        labels.append(label)
    return "".join(reversed(labels))


def portray(value: Any, name: str = "", *, render: bool = True) -> Portrait:
    """The portrait of one value."""
    return Painter(render=render).portray(name, value)


def differences(
    one: Mapping[str, Any], other: Mapping[str, Any], *, sharing: bool = True
) -> list[str]:
    """Where the variables of two namespaces of this process differ, in words.

    With ``sharing`` also what is one object (or memory) in two variables of only one namespace.
    """
    mine, theirs = Painter(render=True), Painter(render=True)
    found: list[str] = []
    for name in sorted({*one, *other}):
        if name not in other:
            found.append(f"{name} isn't in the second")
        elif name not in one:
            found.append(f"{name} isn't in the first")
        else:
            pair = mine.portray(name, one[name]), theirs.portray(name, other[name])
            found += [mismatch.describe() for mismatch in mismatches(*pair)]
    for pair_of_places in sorted({*mine.shared} ^ {*theirs.shared}) if sharing else ():
        which = "first" if pair_of_places in mine.shared else "second"
        found.append(f"{' and '.join(pair_of_places)} are one object in the {which} only")
    return found
