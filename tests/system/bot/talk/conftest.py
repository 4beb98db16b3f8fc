from tests.virtual_audio.fixture import _server, card  # noqa: F401
