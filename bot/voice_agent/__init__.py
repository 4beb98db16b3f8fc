"""The voice agent: decides whose turn it is, requests and plays answers, and remembers them."""
