"""skydeck: a voice-and-chat front end for three GPU services."""
