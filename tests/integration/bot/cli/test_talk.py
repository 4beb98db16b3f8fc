"""How `skydeck talk` chooses between its app and lines."""

import pytest

from bot.cli import talk
from bot.extras import extra_command


def test_without_the_library_of_its_app_it_goes_line_by_line_and_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    began = []

    async def plainly(opening: object) -> None:
        began.append(opening)

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr(talk, "find_spec", lambda _: None)
    monkeypatch.setattr(talk, "_plainly", plainly)
    monkeypatch.setattr(talk, "quiet_native_errors", lambda: None)  # it is for good
    talk._converse(None, False, None, None, plain=False)
    assert len(began) == 1
    assert extra_command("mic") in capsys.readouterr().err
