#!/bin/sh
# Make the virtual environment $1 with the first Python found that is 3.11 or newer.
set -eu
for python in "${PYTHON:-}" python3.11 python3.12 python3.13 python3 python; do
  [ -n "$python" ] || continue
  if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    if "$python" -m venv "$1"; then exit 0; fi
    rm -rf "$1"
    echo "$python cannot make a virtual environment. On Debian or Ubuntu: apt-get install python3-venv" >&2
    exit 1
  fi
done
echo "Python 3.11 or newer is needed and was not found. Install it from python.org or your system's packages." >&2
exit 1
