"""The settings of a worker's process: told, taken over from another one, compared with what they were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from naavre_ext.executors import ambient
from naavre_ext.executors.checkpoints import has_open_figures
from naavre_ext.executors.kernel_process import Threads
from naavre_ext.executors.library_settings import (
    Told,
    packages_of,
    told_libraries,
    told_since,
    unlike_here,
)
from naavre_ext.executors.loggers import states_of_loggers, told, told_otherwise
from naavre_ext.executors.own_modules import states_of, unlike
from naavre_ext.executors.packing import Packed, PackingError, pack
from naavre_ext.executors.session import CellSession
from naavre_ext.executors.tasks import NOTHING, Violation


class ProcessSettings:
    """What libraries keep for the whole process. Only ``isolated`` workers, which own theirs, change it.

    ``threads`` are those that its libraries compute with.
    """

    def __init__(self, session: CellSession, threads: Threads, *, isolated: bool) -> None:
        self._session, self._threads, self._isolated = session, threads, isolated
        #: The split whose batches ran here last, and the settings that they left as they were.
        self._split: tuple[str, ambient.AmbientState] | None = None
        #: Whether the settings are (or may be) another worker's.
        self._were_taken = False
        #: The settings that steps elsewhere run with, as far as they come from here.
        self._known: ambient.AmbientState | None = None
        self._are_compared = False

    def begin(self, *, are_compared: bool) -> None:
        """A run begins. They ``are_compared`` with what steps elsewhere run with, where the main worker is."""
        self._known, self._are_compared = None, are_compared
        self._split = None

    def in_main(self) -> None:
        """A step begins in the main worker, which this one is."""
        if self._are_compared:
            self.known(renew=False)

    def leave_split(self) -> None:
        """Whatever batch comes next takes over its settings anew."""
        self._split = None

    @property
    def split(self) -> str | None:
        """Which split's batches ran here last, with nothing else since."""
        return None if self._split is None else self._split[0]

    def as_pristine(self) -> None:
        """A step begins that comes before those whose settings were taken over."""
        if self._were_taken:
            self.take(ambient.pristine())
            self._were_taken = False

    def taken_over(self) -> None:
        """The settings are now what another process has left."""
        self._were_taken, self._split = True, None
        if self._known is not None:
            self.known(renew=True)

    def take(self, settings: ambient.AmbientState | None) -> ambient.AmbientState | None:
        """Make this process's settings those given; returns them where they were so already."""
        if not self._isolated or settings is None:
            return None
        self._were_taken = True
        return ambient.restore(settings, shell=self._session.shell)

    def now(self, rng: bool) -> ambient.AmbientState:
        """The present settings, and the generators' states where asked for."""
        return ambient.capture(rng=rng, shell=self._session.shell)

    def before_step(
        self, taken: ambient.AmbientState | None, given: Iterable[Any] | None, rng: bool
    ) -> ambient.AmbientState:
        """The settings as a step finds them, where those of the notebook's process were ``taken`` over.

        With what modules and libraries hold there: what the step loads only now must come to be so, too. Those
        don't count that none of the values comes from that it is ``given`` (None: all count).

        Raises:
            Violation: one of those that are loaded here holds something else.
        """
        now = self.now(rng)
        if taken is None or not self._isolated:
            return now
        modules, libraries = taken.modules, taken.libraries
        if given is not None:
            packages = packages_of(given)
            libraries = {n: what for n, what in libraries.items() if n.split(".")[0] in packages}
            if packages.isdisjoint(name.split(".")[0] for name in modules):
                modules = {}
        if reason := self._unlike_there(modules, libraries):
            raise Violation(reason)
        return replace(now, modules=modules, libraries_there=libraries)

    def known(self, *, renew: bool) -> ambient.AmbientState:
        """The settings as the last step left them that was expected to change some."""
        if renew or self._known is None:
            self._known = self.now(rng=False)
        return self._known

    def packed(self) -> Packed:
        """The present settings, to be taken over by another worker; nothing when they can't be."""
        try:
            return pack({"settings": self.shippable()}, self._session.namespace)
        except PackingError:
            return NOTHING

    def shippable(self) -> ambient.AmbientState | None:
        """The present settings. Raises PackingError where another process can't take them over."""
        if not self._isolated:
            return None
        settings = self.now(rng=False)
        stuck = settings.unshippable_changes(ambient.pristine())
        if stuck:
            names = ", ".join(stuck)
            raise PackingError(
                "settings", f"the notebook changed {names}, which stays in its process"
            )
        modules = self._modules()
        return replace(
            settings,
            modules=modules,
            loggers=told(states_of_loggers()),
            libraries=told_libraries(self._session.namespace, but=modules),
        )

    def enter_split(
        self,
        token: str,
        settings: ambient.AmbientState | None,
        given: Mapping[str, Any],
        rng: bool,
        threads: int = 1,
    ) -> ambient.AmbientState:
        """The settings as a batch finds them: taken over by a split's first batch here, known to the others.

        It is ``given`` these variables, whose libraries count.
        """
        if self._split is None or self._split[0] != token:
            found = self.take(settings)
            if self._isolated:
                self._threads.limit(threads)
            if found is None or rng or found.rng:
                found = self.now(rng)
            if settings is not None and self._isolated:
                found = self._with_neighbours(found, settings, given)
            self._split = (token, found)
        return self._split[1]

    def _with_neighbours(
        self,
        found: ambient.AmbientState,
        settings: ambient.AmbientState,
        given: Mapping[str, Any],
    ) -> ambient.AmbientState:
        """The settings here with what the other process's modules and loggers have, which can't be taken over.

        What there isn't here yet must come to be as it is there.
        """
        modules, loggers = self._modules(), states_of_loggers()
        if name := unlike(modules, settings.modules):
            raise Violation(f"module '{name}' holds something else in another process")
        there = settings.loggers or {}
        if name := told_otherwise(there, {n: loggers[n] for n in loggers.keys() & there.keys()}):
            raise Violation(f"logger '{name}' was told something else in another process")
        libraries = told_libraries({**self._session.namespace, **given}, but=modules)
        if setting := told_since(settings.libraries, libraries):
            raise Violation(f"'{setting}' of a library is as an earlier batch has left it")
        return replace(
            found,
            modules={**settings.modules, **modules},
            loggers={**there, **loggers},
            libraries=libraries,
            libraries_there=settings.libraries,
        )

    def violation(self, before: ambient.AmbientState, rng: bool) -> str:
        """What the code just run left changed in this process, in words; "" when nothing."""
        changed = ambient.changed(before, self.now(rng))
        if changed:
            self._split = None
            return f"it changed {', '.join(changed)}"
        if before.loggers is not None:  # as a batch finds them
            reason = self._changed_neighbour(before)
        else:
            reason = self._unlike_there(before.modules, before.libraries_there)
        if reason:
            self._split = None
            return reason
        if has_open_figures():
            return "it left a figure open"
        return ""

    def _changed_neighbour(self, before: ambient.AmbientState) -> str:
        """Which module or logger isn't any more as it was, in words; "" when all are."""
        modules = self._modules()
        if name := unlike(before.modules, modules):
            return f"it changed module '{name}', which each process has for itself"
        if new := sorted(modules.keys() - before.modules.keys()):
            return f"it is the first to import module '{new[0]}', which each process has for itself"
        if name := told_otherwise(before.loggers or {}, states_of_loggers()):
            return f"it told logger '{name}' something, which each process has for itself"
        if setting := unlike_here(before.libraries_there):
            return f"'{setting}' of a library isn't as in the notebook's process"
        libraries = told_libraries(self._session.namespace, but=modules)
        if setting := told_since(before.libraries, libraries):
            return f"it changed '{setting}' of a library, which each process has for itself"
        return ""

    def _unlike_there(self, modules: Mapping[str, bytes], libraries: Told) -> str:
        """What module or library isn't here as it is in the notebook's process, in words; "" when all are."""
        if name := unlike(self._modules() if modules else {}, modules):
            return f"module '{name}' holds something else than in the notebook's process"
        if setting := unlike_here(libraries):
            return f"'{setting}' of a library isn't as in the notebook's process"
        return ""

    def _modules(self) -> dict[str, bytes]:
        """What the modules beside the notebook hold in this process."""
        return states_of(self._session.own_modules())
