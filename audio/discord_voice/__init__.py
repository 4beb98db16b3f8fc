"""Discord's voice channels: datagrams in, people's speech out; pure but for `client` and `connection`."""
