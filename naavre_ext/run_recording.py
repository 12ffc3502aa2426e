"""What is kept of a run while it goes on: the executed notebook, and its record as long as that can be written."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from naavre_ext.kept_values import kept_variable
from naavre_ext.model.diagnostic import NaavreError
from naavre_ext.model.event import MessageLogged, RunEvent, event_from_json
from naavre_ext.storage.masking import SecretMask
from naavre_ext.storage.output_recorder import OutputRecorder

if TYPE_CHECKING:
    from naavre_ext.executors.packing import Packed
    from naavre_ext.storage.run_log import KeptVariable, RunLog


class RunRecording:
    """Takes down a run's events, ``secrets`` masked. ``node`` is the notebook as executed so far.

    Once the record can't be written, the run goes on without, which ``on_event`` hears once.
    """

    def __init__(
        self,
        log: RunLog,
        node: Any,
        secrets: Sequence[str],
        on_event: Callable[[RunEvent], None] | None,
    ) -> None:
        self._log, self._recorder, self._on_event = log, OutputRecorder(node), on_event
        self._mask = SecretMask(secrets) if secrets else None
        self._is_lost = False

    @property
    def node(self) -> Any:
        """The document with the outputs so far."""
        return self._recorder.node

    def tell(self, event: RunEvent) -> None:
        """Take the event down and pass it on."""
        if self._mask is not None:
            event = event_from_json(self._mask(event.to_json()))
        self._recorder.apply(event)
        lost = self._keep(lambda: self._log.append(event))
        if self._on_event is not None:
            self._on_event(event)
            if lost:
                self._on_event(_lost(event, lost))

    def save_notebook(self) -> None:
        """Keep the executed notebook with the record."""
        self._keep(lambda: self._log.save_notebook(self.node))

    def save_values(self, packs: Mapping[str, Packed], others: Sequence[KeptVariable]) -> None:
        """Keep the values in the record, and note those that another one keeps."""
        if not packs and not others:
            return
        kept = [*(kept_variable(name, pack) for name, pack in packs.items()), *others]
        kept.sort(key=lambda variable: variable.name)
        blob = pickle.dumps(packs, protocol=5)
        self._keep(lambda: self._log.save_values(blob, kept))

    def _keep(self, write: Callable[[], None]) -> str:
        """Write, if the record isn't lost yet; returns why it is, if that happens now."""
        if self._is_lost:
            return ""
        try:
            write()
        except NaavreError as error:
            self._is_lost = True
            return str(error)
        return ""


def _lost(event: RunEvent, reason: str) -> RunEvent:
    text = f"{reason} The run goes on, but it can't be resumed or looked at later."
    return MessageLogged(seq=event.seq, at=event.at, level="warning", text=text, code="NX518")
