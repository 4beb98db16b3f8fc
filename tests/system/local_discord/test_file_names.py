"""The names that Discord stores."""

import pytest

from local_discord.file_names import reference, stored_name, title_of


@pytest.mark.parametrize(
    ("name", "stored", "title"),
    [
        ("plain-name_1.txt", "plain-name_1.txt", None),
        ("__init__.py", "init__.py", "__init__"),
        ("hello (world).png", "hello_world.png", "hello (world)"),
        ("página.md", "pagina.md", "página"),
        ("설명.txt", "file7.txt", "설명"),
        ("..", "file7", "."),
        ("a/b\\c.txt", "a_b_c.txt", "a/b\\c"),
    ],
)
def test_a_name_is_cleaned(name, stored, title):
    assert stored_name(name, 7) == stored
    assert title_of(name) == title


def test_a_reference_finds_the_cleaned_name():
    assert reference("attachment://_shot (1).png") == "attachment://shot_1.png"
    assert reference("https://example.com/_a.png") == "https://example.com/_a.png"
