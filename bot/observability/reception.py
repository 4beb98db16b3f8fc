"""Counts voice packets by what became of them, and connections by what is wrong with them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from audio.discord_voice.stats import ReceptionStats
from audio.discord_voice.watchdog import FaultKind

FAULTS: Final = {
    FaultKind.AWAY: "away",
    FaultKind.DEAF: "deaf",
    FaultKind.UNDECRYPTABLE: "undecryptable",
}
"""Each fault of a connection, by the name of its label."""
KINDS: Final = ("received", "lost", "late", "duplicate", "undecryptable", "concealed")


class LinkHealth(Protocol):
    """A voice connection's report on its reception."""

    @property
    def people(self) -> Mapping[int, ReceptionStats]:
        """The reception of each person."""

    @property
    def fault(self) -> FaultKind | None:
        """What is wrong with the connection now."""

    @property
    def fault_counts(self) -> Mapping[FaultKind, int]:
        """How many times each fault has occurred since it was made."""


class Reception(Collector):
    """Counts the packets of all people together, without a label per person.

    A person's counts end when they leave, while a counter must only grow; so each collection adds
    what is new since the last one. Packets between the last collection and a person's leaving are
    not counted.

    Args:
        links: The voice connections, each with a number that identifies it.
    """

    def __init__(self, links: Callable[[], Iterable[tuple[int, LinkHealth]]]) -> None:
        self._links = links
        self._sums = dict.fromkeys(KINDS, 0)
        self._seen: dict[tuple[int, int], ReceptionStats] = {}
        self._faults = dict.fromkeys(FAULTS, 0)
        self._faults_seen: dict[tuple[int, FaultKind], int] = {}

    def collect(self) -> Iterator[Metric]:
        """The current sums."""
        now: dict[tuple[int, int], ReceptionStats] = {}
        links = [*self._links()]
        yield from self._collect_faults(links)
        for number, link in links:
            now.update({(number, user): health for user, health in link.people.items()})
        for key, health in now.items():
            before = self._seen.get(key, ReceptionStats())
            for kind in KINDS:
                fresh, old = getattr(health, kind), getattr(before, kind)
                self._sums[kind] += fresh - old if fresh >= old else fresh
        self._seen = now
        packets = CounterMetricFamily(
            "skydeck_voice_packets", "Voice packets, by what became of them.", labels=("kind",)
        )
        for kind, number in self._sums.items():
            packets.add_metric((kind,), number)
        yield packets
        yield GaugeMetricFamily(
            "skydeck_voice_channels", "Voice channels in use.", value=len(links)
        )
        yield GaugeMetricFamily("skydeck_voice_people", "People who are heard.", value=len(now))

    def _collect_faults(self, links: Sequence[tuple[int, LinkHealth]]) -> Iterator[Metric]:
        now = {
            (number, kind): link.fault_counts.get(kind, 0)
            for number, link in links
            for kind in FAULTS
        }
        for key, count in now.items():
            before = self._faults_seen.get(key, 0)
            self._faults[key[1]] += count - before if count >= before else count
        self._faults_seen = now
        faulty = GaugeMetricFamily(
            "skydeck_voice_channels_faulty",
            "Voice channels in which something is wrong now: away, deaf, or undecryptable.",
            labels=("kind",),
        )
        faults = CounterMetricFamily(
            "skydeck_voice_faults", "How often that began.", labels=("kind",)
        )
        for kind, name in FAULTS.items():
            faulty.add_metric((name,), sum(link.fault is kind for _, link in links))
            faults.add_metric((name,), self._faults[kind])
        yield faulty
        yield faults
