#!/bin/sh
# Install a Debian package where that can be done without asking (root), else say how.
# usage: system-package.sh PACKAGE [--optional CONSEQUENCE]
set -u
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing the system package $1 …"
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$1"; } >/dev/null 2>&1 && exit 0
fi
if [ "${2:-}" = --optional ]; then
  echo "Note: $1 is not installed; $3. To install it: sudo apt-get install $1"
  exit 0
fi
echo "skydeck needs the system package $1: sudo apt-get install $1"
exit 1
