"""What an intent is told by."""

from bot.actions.intents.features import MAX_CHARS, features_of

ALFRED = [("alfred",), ("captain", "nova")]


def test_what_differs_from_sentence_to_sentence_is_one_word() -> None:
    one = features_of("Alfred, put the 12 lines into French for Ana", ALFRED)
    other = features_of("captain nova, put the 7 lines into german for Ben", ALFRED)
    assert one == other
    assert {"w:<bot> ,", "w:<number> lines", "w:into <language>", "b:put the"} <= one


def test_a_quote_is_one_word_and_asks_for_nothing() -> None:
    found = features_of('put "translate this" above it', ALFRED)
    assert "w:put <quote> above" in found
    assert not any("translate" in feature for feature in found)


def test_how_each_sentence_begins_and_ends() -> None:
    found = features_of("I'm late. Could you sum it up?", ALFRED)
    assert {"b:im late .", "e:im late .", "b:could you sum", "e:it up ?"} <= found


def test_a_spanish_verb_of_the_past_is_not_a_request() -> None:
    assert "w:comparé".replace("é", "e") in features_of("compare los dos", ALFRED)
    assert "w:compare<past>" in features_of("comparé los dos", ALFRED)


def test_of_a_long_text_the_beginning_is_looked_at() -> None:
    begun = "sum it up " * 1000
    assert features_of(begun, ALFRED) == features_of(begun[:MAX_CHARS], ALFRED)
    assert features_of("", ALFRED) == {"w:^", "w:$", "w:^ $", "n:0"}
