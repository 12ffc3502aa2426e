"""Portraits of live values, taken in the process that holds them: they needn't be pickled to be compared."""

from naavre_ext.executors.portraits.painting import Painter, differences, portray

__all__ = ["Painter", "differences", "portray"]
