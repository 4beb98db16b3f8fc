"""The machine's own microphone and loudspeaker, through PortAudio."""
