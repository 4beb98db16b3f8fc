"""Which ids are known to be gone."""

from bot.recently_deleted import RecentIds, RecentlyDeleted


def test_the_newest_are_kept():
    ids = RecentIds(3)
    ids.add([1, 2, 3])
    ids.add([1, 4])
    assert [n for n in range(6) if n in ids] == [1, 3, 4]


def test_one_is_taken_out_again():
    ids = RecentIds()
    ids.add([1])
    ids.discard(1)
    ids.discard(2)
    assert 1 not in ids


def test_a_thread_and_its_first_message_have_one_id():
    deleted = RecentlyDeleted()
    deleted.channels.add([7])
    assert deleted.holds(channel_id=7)
    assert not deleted.holds(message_id=7)
    assert not deleted.holds(guild_id=None)
    deleted.guilds.add([9])
    assert deleted.holds(message_id=7, guild_id=9)
