"""The forms of SKYDECK_LLM."""

from pathlib import Path

import pytest

from bot.llm_source import SMALL, TINY, GgufFile, HubFile, Listed, read_llm


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("auto", None),
        (" AUTO ", None),
        ("tiny", Listed(TINY)),
        ("Small", Listed(SMALL)),
        (SMALL, Listed(SMALL)),
        ("/models/My Model.GGUF", GgufFile(Path("/models/My Model.GGUF"))),
        (
            "hf:Qwen/Qwen2.5-7B-Instruct-GGUF/q4_k_m/model.gguf",
            HubFile("Qwen/Qwen2.5-7B-Instruct-GGUF", "q4_k_m/model.gguf"),
        ),
    ],
)
def test_each_form_is_read(text: str, source: object):
    assert read_llm(text) == source


def test_home_is_expanded():
    source = read_llm("~/m.gguf")
    assert isinstance(source, GgufFile)
    assert source.path == Path.home() / "m.gguf"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gpt",
        "hf:",
        "hf:owner/m.gguf",
        "hf:owner/repo/m.bin",
        "hf:owner/repo/../../m.gguf",
        "hf:../repo/m.gguf",
        "whisper-base",
    ],
)
def test_anything_else_is_refused(text: str):
    with pytest.raises(ValueError, match="must be"):
        read_llm(text)
