"""A run that waits for a local Ray that has died is told so, once Ray itself has had its time to."""

import pytest

from naavre_ext.executors.ray.cluster_watch import ClusterWatch
from naavre_ext.model.diagnostic import ClusterError


class Silence:
    """Looks every second for a while, and tells when it was too long."""

    def __init__(self, lost):
        self.now, self.looks = 0.0, []
        self.lost = lost
        self.watch = ClusterWatch(self._is_lost, lambda: self.now)

    def _is_lost(self):
        self.looks.append(self.now)
        return self.lost(self.now)

    def ends_at(self, limit_s=200):
        while self.now < limit_s:
            self.now += 1
            try:
                self.watch.look()
            except ClusterError:
                return self.now
        return None


@pytest.mark.parametrize(
    ("lost", "end"),
    [
        (lambda now: False, None),
        (lambda now: True, 35),
        (lambda now: now >= 12, 45),
        (lambda now: now < 30 or now >= 50, 80),
        (lambda now: now % 20 != 0, None),
    ],
    ids=["alive", "dead", "dies", "found alive again", "seldom seen alive"],
)
def test_only_what_stays_lost_ends_a_run(lost, end):
    assert Silence(lost).ends_at() == end


def test_it_is_looked_for_now_and_then():
    silence = Silence(lambda now: False)
    silence.ends_at(100)
    assert silence.looks == [float(now) for now in range(5, 101, 5)]
