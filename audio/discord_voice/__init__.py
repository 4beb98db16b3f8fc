"""Discord's voice channels: datagrams in, speech out; pure but for `client` and `connection`."""
