"""What is written down about the running service, and proofs of knowing its key."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.local_service import record as records
from bot.local_service.record import (
    Record,
    kind_of,
    order,
    proof,
    proves,
    read_order,
    read_record,
    settings_for_service,
)
from bot.settings import Settings

RECORD = Record(pid=4321, began_s=1.5, url="http://127.0.0.1:5/v2", key="k", kind="a", idle_s=300.0)


def settings(**values) -> Settings:
    return Settings(_env_file=None, **values)


def kind(**values) -> str:
    return kind_of(settings(**values), "code", "/here")


def test_a_record_survives_its_file():
    assert read_record(RECORD.to_json()) == RECORD
    assert RECORD.own_url == "http://127.0.0.1:5/service/"


@given(st.binary(max_size=200))
def test_damaged_records_are_none(data):
    assert read_record(data) is None
    assert read_record(RECORD.to_json()[: len(data)]) is None or data[170:]


@pytest.mark.parametrize(
    "wrong",
    [
        {"pid": 1},
        {"pid": -4},
        {"url": "http://example.org:80/v2"},
        {"url": "http://10.0.0.1:80/v2"},
        {"key": "ñ"},
    ],
)
def test_a_record_that_points_elsewhere_is_none(wrong):
    assert read_record(replace(RECORD, **wrong).to_json()) is None


def test_other_models_make_another_service_and_a_token_for_discord_does_not():
    assert kind(skydeck_llm="tiny") != kind(skydeck_llm="small")
    assert kind(skydeck_llm="tiny") == kind(skydeck_llm="tiny", discord_token="secret")
    assert kind(skydeck_llm_key="a") != kind(skydeck_llm_key="b")
    assert kind_of(settings(), "old", "/here") != kind_of(settings(), "new", "/here")


def test_the_folder_counts_where_a_setting_names_a_file_in_it():
    def kinds(**values) -> set[str]:
        return {kind_of(settings(**values), "code", folder) for folder in ("/a", "/b")}

    assert len(kinds(skydeck_llm="tiny")) == 1
    assert len(kinds(skydeck_llm="hf:owner/repository/file.gguf")) == 1
    assert len(kinds(skydeck_llm="./my.gguf")) == 2
    assert len(kinds(skydeck_asr="./my-whisper")) == 2
    assert len(kinds(skydeck_voices="en=./my.onnx")) == 2


def test_what_the_services_do_not_use_are_settings_that_there_are():
    assert set(Settings.model_fields) >= records._ELSEWHERE


def test_the_order_has_the_settings_with_their_secrets_and_nothing_of_others(tmp_path: Path):
    given_ones = settings(
        skydeck_llm_url="http://127.0.0.1:1/v1",
        skydeck_llm_model="m",
        skydeck_llm_key="sk-1",
        skydeck_weights_dir=tmp_path,
        discord_token="not-for-it",
        skydeck_threads=2,
    )
    told = order(given_ones, kind="k")
    assert b"not-for-it" not in told
    read, kind_told = read_order(told)
    assert kind_told == "k"
    assert settings_for_service(read) == settings_for_service(given_ones)
    assert read.skydeck_llm_key == SecretStr("sk-1")


@pytest.mark.parametrize("wrong", [b"", b"[]", b"{}", b'{"settings": 3}', b"\xff", b"{"])
def test_what_is_no_order_is_refused(wrong):
    with pytest.raises(ValueError):  # noqa: PT011  (its words are shown nowhere)
        read_order(wrong)


def test_the_order_counts_more_than_the_environment(monkeypatch: pytest.MonkeyPatch):
    told = order(settings(skydeck_llm="tiny"), kind="k")
    monkeypatch.setenv("SKYDECK_LLM", "small")
    monkeypatch.setenv("SKYDECK_LLM_KEY", "another")
    read, _ = read_order(told)
    assert read.skydeck_llm == "tiny"
    assert read.skydeck_llm_key is None


@given(st.text(min_size=1), st.text(min_size=1), st.text())
def test_only_the_same_key_side_and_nonce_prove_anything(key, nonce, other):
    shown = proof(key, "client", nonce)
    assert proves(shown, key, "client", nonce)
    assert not proves(shown, key, "service", nonce)
    assert not proves(other, key, "client", nonce)
    assert not proves(proof(key, "client", ""), key, "client", "")


def test_a_record_of_a_later_version_is_read_as_far_as_it_is_known():
    later = json.loads(RECORD.to_json()) | {"more": 1}
    assert read_record(json.dumps(later).encode()) == RECORD
