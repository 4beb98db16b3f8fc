"""Actions: from a person's own words to a module of a service, and what it works on. Pure.

`offering` makes what may be done from the catalogue, and checks what a service answers; `reading`
reads a request from words; `references` says what the words point at, and `subject` what that is.
"""
