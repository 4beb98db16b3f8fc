"""How good what people get is, beside named peers, on `docs/quality.md`.

make eval                      all of it, in about half an hour
make eval ONLY=answers         one part; the page keeps what the others found
make eval ONLY="names words"   some
"""
