"""How cost grows: each curve beside a named peer's, drawn on `docs/performance.md`.

python -m tests.bench.growth                    all of it, in some ten minutes
python -m tests.bench.growth history journal    only these; the page keeps what the others found
"""
