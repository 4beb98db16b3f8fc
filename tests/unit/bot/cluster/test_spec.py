import pytest

from bot.cluster.spec import Alone, ByHand, Claimed, read_shards, shard_of
from bot.errors import BadSettings


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("", Alone()),
        (" ", Alone()),
        ("auto", Claimed(None)),
        ("AUTO/9", Claimed(9)),
        ("0-2/9", ByHand((0, 1, 2), 9)),
        ("8/9", ByHand((8,), 9)),
        ("0/1", ByHand((0,), 1)),
    ],
)
def test_valid_settings(text, spec):
    assert read_shards(text) == spec


@pytest.mark.parametrize(
    "text", ["9/9", "2-1/9", "0-9/9", "auto/0", "auto/99999", "0/0", "all", "1-2", "-1/3", "1.5/3"]
)
def test_invalid_settings(text):
    with pytest.raises(BadSettings, match="SKYDECK_SHARDS"):
        read_shards(text)


def test_a_server_is_on_one_shard():
    assert [shard_of(number << 22, 3) for number in range(4)] == [0, 1, 2, 0]
