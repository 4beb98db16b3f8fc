#!/bin/sh
# Pin every dependency with its hashes, for all supported Pythons; no index is named in the files.
set -eu
compile="uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header"
# All first: what the parts agree on together is then what each of them gets.
$compile --extra local --extra mic --extra runpod --extra postgres --extra otel --group build --group dev --group docs \
  pyproject.toml -o requirements-dev.lock
$compile --extra local --extra mic --extra otel --group build --constraint requirements-dev.lock \
  pyproject.toml -o requirements.lock
# What builds the site (mkdocs.yml), and no more.
$compile --group docs --constraint requirements-dev.lock -o requirements-docs.lock
# What the images install (deploy/): no more than they use.
$compile --extra postgres --extra otel --group build --constraint requirements-dev.lock \
  pyproject.toml -o deploy/bot.lock
$compile --extra local --extra runpod --extra otel --group build --constraint requirements-dev.lock \
  pyproject.toml -o deploy/worker.lock
$compile --extra local --extra otel --group build --constraint requirements-dev.lock \
  pyproject.toml -o deploy/services.lock
