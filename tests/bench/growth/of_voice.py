"""Voice channels where nobody speaks: what each costs by being there."""

# mypy: ignore-errors

import asyncio
import json
import sys
import tempfile

from tests.bench.growth.curve import Curve
from tests.paths import ROOT

CALLS = (0, 1, 10, 50, 200)
PATIENCE_S = 600


def silent_calls() -> list[Curve]:
    """Voice channels that the bot is in."""
    ours = [asyncio.run(_measured("skydeck", number)) for number in CALLS]
    plain = [_plain(number) for number in CALLS]
    shared = {
        "size": "voice channels where nobody speaks", "sizes": [*CALLS],
        "peer": "plain discord.py, connected and deaf", "remark": remark(plain),
    }  # fmt: skip
    return [
        Curve(
            title=title, unit=unit, ours=[one[key] for one in ours],
            theirs=[one.get(key) for one in plain], **shared,
        )
        for title, unit, key in (
            ("Memory by silent voice channels", "MB", "mb"),
            ("Processor by silent voice channels", "% of a core", "processor"),
            ("Wake-ups by silent voice channels", "a second, of all threads", "wakes"),
        )
    ]  # fmt: skip


def _plain(number: int) -> dict[str, float]:
    """What the peer costs; nothing if it does not get into all channels."""
    try:
        return asyncio.run(_measured("plain", number))
    except TimeoutError:
        return {}


def remark(plain: list[dict[str, float]]) -> str:
    """For which sizes the peer has no figures, and why."""
    missing = [f"{number}" for number, one in zip(CALLS, plain, strict=True) if not one]
    if not missing:
        return ""
    minutes = PATIENCE_S // 60
    return f"Plain discord.py did not get into all {' or '.join(missing)} within {minutes} minutes."


async def _measured(who: str, number: int) -> dict[str, float]:
    from local_discord import LocalDiscord

    with tempfile.TemporaryDirectory() as folder:
        async with LocalDiscord() as sim:
            for guild_number in range(number):
                guild = sim.guild(f"Guild {guild_number}")
                person = guild.member(f"Person {guild_number}", locale="en-US")
                await person.joins(guild.voice_channel("Lounge"))
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "local_discord.elsewhere", sim.base_url),
                *("tests.bench.growth.silent_calls", who, str(number), sim.token, folder),
                cwd=ROOT,
                stdout=asyncio.subprocess.PIPE,
            )
            try:
                told, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
    if process.returncode:
        raise TimeoutError(f"{who} did not get into {number} channels")
    found = json.loads(told.splitlines()[-1])
    print(f"  {who}, {number}: " + ", ".join(f"{k} {v:.1f}" for k, v in found.items()), flush=True)
    return found
