#!/bin/sh
# Make sure the browser tests have a Chromium: one on PATH, else Debian's package, else Playwright's own build.
# $1: the Python that has Playwright.
set -eu
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
own='from playwright.sync_api import sync_playwright as s
import pathlib, sys
with s() as p: sys.exit(not pathlib.Path(p.chromium.executable_path).exists())'
if "$1" -c "$own" 2>/dev/null; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing Chromium and a Chinese font for the browser tests..."
  if apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk >/dev/null; then exit 0; fi
fi
if "$1" -m playwright install chromium; then exit 0; fi
echo "The browser tests need Chromium. Install Chromium or Google Chrome so that it is on PATH, then try again." >&2
exit 1
