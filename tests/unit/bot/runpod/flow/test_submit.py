"""Bodies: what is sent, and what is refused before that."""

import json

import pytest

from bot.contract.job import RUN_LIMIT_BYTES, RUNSYNC_LIMIT_BYTES
from bot.errors import BadInput, TooLarge
from bot.runpod.flow.submit import check_size, encode
from tests.fakes.runpod_script import contract


def test_a_body_is_a_contract_and_a_policy_and_nothing_else():
    body = json.loads(encode(contract(), deadline_s=120, held=False).content)
    assert body["policy"] == {"executionTimeout": 120_000, "ttl": 180_000}
    assert set(body) == {"input", "policy"}
    assert body["input"]["contract"]["contract_version"] == "2.1"


def test_the_json_is_compact_and_not_escaped_twice():
    content = encode(contract("año \u2028 😀"), deadline_s=1, held=False).content
    assert b": " not in content
    assert "año \u2028 😀".encode() in content


@pytest.mark.parametrize(
    ("held", "limit", "name"),
    [(False, RUN_LIMIT_BYTES, "10 MiB"), (True, RUNSYNC_LIMIT_BYTES, "20 MiB")],
)
def test_the_limit_is_exact_and_named(held, limit, name):
    empty = len(encode(contract(""), deadline_s=60, held=held).content)
    assert len(encode(contract("x" * (limit - empty)), deadline_s=60, held=held).content) == limit
    with pytest.raises(TooLarge) as raised:
        encode(contract("x" * (limit - empty + 1)), deadline_s=60, held=held)
    assert f"{limit + 1:,} bytes" in str(raised.value)
    assert name in str(raised.value)


def test_size_counts_bytes_not_characters():
    with pytest.raises(TooLarge):
        encode(contract("é" * (RUN_LIMIT_BYTES // 2)), deadline_s=60, held=False)


def test_check_size_by_itself():
    check_size(RUN_LIMIT_BYTES, held=False)
    with pytest.raises(TooLarge):
        check_size(RUN_LIMIT_BYTES + 1, held=False)


def test_broken_text():
    with pytest.raises(BadInput):
        encode(contract().model_copy(update={"params": {"x": "\ud83d"}}), deadline_s=1, held=False)
