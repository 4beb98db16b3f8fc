"""The fault campaign: the whole bot, in its own process, while what it stands on breaks.

    make chaos                          all of it
    make chaos SEED=7 ROUNDS=10         the same dice again, fewer kills
    python -m tests.chaos --only clock  one fault

verdict     what must hold afterwards, as values (pure)
observe     gathers what the verdict needs: from Discord, from RunPod's log, from the database
people      who asks, and what they press        runpod   a RunPod that follows a script, and breaks
process     the bot's process, from outside      bot      the same from inside: `skydeck bot`
disk database service gateway clock voice kills  the faults
campaign    which faults, in which order         report   the table
"""
