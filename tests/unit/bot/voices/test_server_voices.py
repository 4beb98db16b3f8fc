"""The voices of a server: their names, their languages, and which one speaks."""

import pytest

from bot.voices.server_voices import ServerVoice, read_listed, read_voice_names, voice_language


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", {}),
        ("af_heart", {"": "af_heart"}),
        (" en = af_heart , es-MX=ef_dora ", {"en": "af_heart", "es": "ef_dora"}),
        ("alloy,es=ef_dora", {"": "alloy", "es": "ef_dora"}),
        ("af_bella(2)+af_sky(1)", {"": "af_bella(2)+af_sky(1)"}),
    ],
)
def test_names_are_read(text: str, names: dict[str, str]):
    assert read_voice_names(text) == names


@pytest.mark.parametrize("text", ["xx=a", "en=", "=a", "en=a,qq=b", "x" * 101])
def test_what_is_no_name_is_an_error(text: str):
    with pytest.raises(ValueError, match="en=NAME,es=NAME"):
        read_voice_names(text)


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("af_heart", "en"), ("bm_george", "en"), ("ef_dora", "es"), ("zf_xiaobei", "zh"),
        ("es_ES-davefx-medium", "es"), ("es-ES-ElviraNeural", "es"), ("alloy", None),
        ("emma", None), ("qq_QQ-x", None), ("", None),
    ],
)  # fmt: skip
def test_a_name_may_tell_its_language(name: str, language: str | None):
    assert voice_language(name) == language


def test_lists_of_all_kinds_are_read():
    dora = ServerVoice("ef_dora", "es")
    assert read_listed({"voices": ["ef_dora", "alloy"]}, "m") == [dora, ServerVoice("alloy", None)]
    assert read_listed({"voices": [{"id": "ef_dora", "name": "ef_dora"}]}, "m") == [dora]
    assert read_listed({"object": "list", "data": [{"voice_id": "ef_dora"}]}, "m") == [dora]
    assert read_listed([{"name": "Eva", "language": "es-ES"}], "m") == [ServerVoice("Eva", "es")]
    listed = [{"id": "a", "model_id": "m"}, {"id": "b", "model_id": "other"}]
    assert read_listed(listed, "m") == [ServerVoice("a", None)]
    assert len(read_listed(["a"] * 99_999, "m")) == 2_000
    assert read_listed(["x" * 999, "", None, 7, [], {}], "m") == []
