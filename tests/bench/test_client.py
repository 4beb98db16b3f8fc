"""The client's figures beside its peers'; the tables are printed."""

import pytest

from bot.choices import Mode


@pytest.mark.bench
@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("default")  # the peers' own
def test_client(capsys):
    from tests.bench.client import run

    with capsys.disabled():
        ratios, medians = run(seconds=0.8)
    assert all(ratio[Mode.RUNSYNC] >= 1 for ratio in ratios)
    assert all(ms <= 20 for name, ms in medians.items() if name.startswith("ours"))
