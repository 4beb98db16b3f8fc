"""The services that `ask`, `call` and `talk` share on this machine.

The first command that needs them starts a process of its own (`skydeck serve --on-demand`), and the
models stay loaded there; it ends by itself when no command has used it for a while.

record     what is written down about the process, and proofs of knowing its key (pure)
place      the private folder with that file, a lock and the log
usage      who uses it, and when it ends      gate  its routes beside RunPod's
transport  carries the calls, also to the next one when one has ended
client     finds it, starts it, holds it, ends it
"""
