"""How people in voice channels are heard: packets, summed when Prometheus asks."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from audio.discord_voice.stats import ReceptionStats

KINDS: Final = ("received", "lost", "late", "duplicate", "undecryptable", "concealed")


class Heard(Protocol):
    """What a link says of itself."""

    @property
    def people(self) -> Mapping[int, ReceptionStats]:
        """How each person is received."""
        ...


class Reception(Collector):
    """Counters of all people together; nobody has a label.

    A person's figures end when they leave, a counter must not: what is new since the last look is
    added. What came after the last look before somebody left is not counted.

    Args:
        links: The channels' lines, each by a number that stays its own.
    """

    def __init__(self, links: Callable[[], Iterable[tuple[int, Heard]]]) -> None:
        self._links = links
        self._sums = dict.fromkeys(KINDS, 0)
        self._seen: dict[tuple[int, int], ReceptionStats] = {}

    def collect(self) -> Iterator[Metric]:
        """The sums as they are now."""
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
            "skydeck_voice_packets", "Packets of speech, by what became of them.", labels=("kind",)
        )
        for kind, number in self._sums.items():
            packets.add_metric((kind,), number)
        yield packets
        yield GaugeMetricFamily("skydeck_voice_channels", "Channels that we are in.", value=rooms)
        yield GaugeMetricFamily("skydeck_voice_people", "People who are heard.", value=len(now))
