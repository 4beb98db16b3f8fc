"""A microphone and a loudspeaker that are not there, for tests with the real PortAudio."""
