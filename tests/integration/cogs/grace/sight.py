"""What people wait for."""


async def settled(person, words, channel=None, **more):
    """The message with these words, once it can no longer be cancelled."""
    return await person.sees(lambda m: words in m.text and not runs(m), channel, **more)


def runs(message):
    """Whether a job's message says that it still runs."""
    return not {"Stop", "Detener"}.isdisjoint(message.buttons)
