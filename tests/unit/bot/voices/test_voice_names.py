from bot.voices.voice_names import no_voice


def test_a_voice_that_can_be_had_is_to_be_fetched():
    for name in ("es_ES-davefx-medium", "ef_dora"):
        problem, hint = no_voice(name)
        assert problem == f"The voice '{name}' is not on this machine."
        assert hint == f"skydeck models pull {name}"


def test_a_misspelt_voice_is_answered_with_the_right_one():
    assert "Did you mean es_ES-davefx-medium" in no_voice("es_ES-davfx-medium")[1]
    assert no_voice("xyzzy-")[1] == "`skydeck models voices` lists them."
