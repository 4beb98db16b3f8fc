#!/bin/sh
# Install Debian packages where that can be done without asking (root), else say how.
# usage: system-package.sh "PACKAGE …" [--optional CONSEQUENCE]
set -u
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing from the system's packages: $1 …"
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends $1; } >/dev/null 2>&1 && exit 0
fi
if [ "${2:-}" = --optional ]; then
  echo "Note: not everything of $1 is installed; $3. To install it: sudo apt-get install $1"
  exit 0
fi
echo "skydeck needs $1 of the system's packages: sudo apt-get install $1"
exit 1
