import pytest

from bot.catalogue import load_grace
from bot.contract.factory import FactoryModule
from bot.contract.penny import PennyModule
from bot.i18n import INTERFACE_LANGUAGES
from bot.module_names import find_module_name, module_name, module_names, read_name
from bot.settings import Settings

GRACE = list(load_grace(Settings(_env_file=None)))


@pytest.mark.parametrize(
    "typed",
    ["summarize", "SUMMARIZE", "Summarize ", "summarizer", "SUMMARIZER", "resumir"],
)
def test_a_module_is_known_by_each_of_its_names(typed):
    assert find_module_name(typed, GRACE) == "SUMMARIZER"


@pytest.mark.parametrize("typed", ["action-items", "action_items", "ACTION_ITEMS", "tareas"])
def test_hyphens_and_underscores_are_the_same(typed):
    assert find_module_name(typed, GRACE) == "ACTION_ITEMS"


@pytest.mark.parametrize("typed", ["", " ", "summarise", "poet", "sum\0marize", "é" * 10_000])
def test_no_other_word_names_one(typed):
    assert find_module_name(typed, GRACE) is None


def test_every_module_of_every_service_has_a_name_that_finds_it():
    for names in (GRACE, list(PennyModule), list(FactoryModule)):
        shown = module_names(names)
        assert len(set(shown.values())) == len(names)
        assert all(find_module_name(word, names) == name for name, word in shown.items())


@pytest.mark.parametrize("language", INTERFACE_LANGUAGES)
def test_a_name_that_is_read_somewhere_can_be_typed(language):
    own = ["HAIKU_POET"]
    services = {"GRACE": GRACE + own, "PENNY": list(PennyModule), "FACTORY": list(FactoryModule)}
    for service, names in services.items():
        for name in names:
            assert find_module_name(read_name(service, name, language), names) == name


def test_a_module_of_penny_is_read_as_a_word_and_typed_by_its_name():
    assert read_name("PENNY", "CONVERSE", "en") == "talk"
    assert read_name("PENNY", "SPEAK", "es") == "leer en voz alta"
    assert read_name("GRACE", "SPEAK", "es") == "speak"  # an operator's own
    assert module_name("CONVERSE") == "converse"
    assert find_module_name("Read aloud", list(PennyModule)) == "SPEAK"


def test_an_operators_own_module_has_its_own_name():
    assert read_name("GRACE", "HAIKU_POET", "es") == "haiku-poet"
    assert module_name("HAIKU_POET") == "haiku-poet"
    assert module_name("HAIKU_POET", "es") == "haiku-poet"
    assert module_name("SUMMARIZER", "es") == "resumir"


def test_a_foreign_services_module_keeps_its_name():
    assert module_name("[/RÉSUMÉ]") == "[/RÉSUMÉ]"


def test_an_own_module_named_as_ours_is_shown_takes_that_name():
    names = module_names(["SUMMARIZER", "SUMMARIZE"])
    assert names == {"SUMMARIZER": "summarizer", "SUMMARIZE": "summarize"}
    assert find_module_name("summarize", names) == "SUMMARIZE"
    assert find_module_name("summarizer", names) == "SUMMARIZER"
