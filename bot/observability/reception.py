"""Counts voice packets by what became of them, summed when Prometheus asks."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from audio.discord_voice.stats import ReceptionStats

KINDS: Final = ("received", "lost", "late", "duplicate", "undecryptable", "concealed")


class LinkHealth(Protocol):
    """A voice connection's report on its reception."""

    @property
    def people(self) -> Mapping[int, ReceptionStats]:
        """The reception of each person."""
        ...


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

    def collect(self) -> Iterator[Metric]:
        """The current sums."""
        now: dict[tuple[int, int], ReceptionStats] = {}
        rooms = 0
        for number, link in self._links():
            rooms += 1
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
        yield GaugeMetricFamily("skydeck_voice_channels", "Voice channels in use.", value=rooms)
        yield GaugeMetricFamily("skydeck_voice_people", "People who are heard.", value=len(now))
