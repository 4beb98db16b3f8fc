"""Discord's voice channels: datagrams in, people's speech out; all pure but for `link`."""
