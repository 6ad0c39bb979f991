#!/bin/sh
# Installs the Debian packages that tests use. Quick when they are there; says what is missing where it cannot.
set -eu
packages=""
need() { command -v "$1" >/dev/null 2>&1 || packages="$packages $2"; }
need chromium chromium
need ffmpeg ffmpeg
need pulseaudio pulseaudio
need espeak-ng espeak-ng
need sipp sip-tester
need tcpdump tcpdump
need baresip baresip-core
need fstconvert libfst-tools
need redis-server redis-server
[ -x "$(ls /usr/lib/postgresql/*/bin/postgres 2>/dev/null | head -n 1)" ] || packages="$packages postgresql"
[ -e /usr/include/portaudio.h ] || packages="$packages portaudio19-dev"
fc-list :lang=zh 2>/dev/null | grep -q . || packages="$packages fonts-noto-cjk fontconfig"
[ -n "$packages" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing:$packages"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $packages >/dev/null
else
    echo "Tests that need these Debian packages will be skipped:$packages" >&2
fi
