"""How late a gateway's answer to a heartbeat is, even if it comes before discord.py looks."""

import asyncio
from types import SimpleNamespace

import pytest
from discord.gateway import DiscordWebSocket, KeepAliveHandler, VoiceKeepAliveHandler

from audio.discord_voice.connection import VoiceGateway
from bot.cluster.gateway_shard import ShardSocket

AGO_S = 41.0


class AnsweringSocket:
    """A websocket whose other end has answered a heartbeat when `send_str` returns."""

    def __init__(self, keep_alive):
        self.keep_alive = keep_alive

    async def send_str(self, _text):
        self.keep_alive.ack()


def connection(kind, loop):
    socket = SimpleNamespace()
    made = kind(socket, loop=loop)
    made.thread_id, made._max_heartbeat_timeout, made.sequence = 0, 60.0, 1
    handler = VoiceKeepAliveHandler if kind is VoiceGateway else KeepAliveHandler
    keep_alive = handler(ws=made, interval=41.0, shard_id=0)
    keep_alive._last_send -= AGO_S
    made._keep_alive = keep_alive
    made.socket = made.ws = AnsweringSocket(keep_alive)
    return made


@pytest.mark.parametrize("kind", [ShardSocket, VoiceGateway])
def test_an_answer_counts_from_its_own_heartbeat(kind):
    async def beat():
        gateway = connection(kind, asyncio.get_running_loop())
        await gateway.send_heartbeat({})
        return gateway._keep_alive.latency

    assert asyncio.run(beat()) < AGO_S


def test_discord_py_counts_from_the_one_before():
    """As long as it does, both classes need their own."""

    async def beat():
        gateway = connection(DiscordWebSocket, asyncio.get_running_loop())
        await gateway.send_heartbeat({})
        return gateway._keep_alive.latency

    assert asyncio.run(beat()) >= AGO_S
