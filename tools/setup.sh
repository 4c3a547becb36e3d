#!/bin/sh
# Installs what a builder on this machine needs, from Debian's archive, and
# registers the kernel's handler for arm64 programs. Does nothing that is done
# already.
set -eu

missing=
for pair in runc:runc git:git ssh:openssh-client mmdebstrap:mmdebstrap qemu-aarch64-static:qemu-user-static dpkg-deb:dpkg rootlesskit:rootlesskit newuidmap:uidmap; do
	command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
if [ -n "$missing" ]; then
	[ "$(id -u)" = 0 ] || {
		echo "setup: these packages are missing:$missing" >&2
		echo "setup: run as root: apt-get install --no-install-recommends$missing" >&2
		exit 1
	}
	echo "setup: installing$missing"
	apt-get update -qq
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
# The list of archives that apt knows is read for mirrors.
if ! apt-get indextargets 2>/dev/null | grep -q .; then
	apt-get update -qq
fi

[ "$(uname -m)" = x86_64 ] || exit 0
# Whoever registered a handler chose its name; the magic number tells what it is for.
if ! grep -qs '^magic 7f454c460201010000000000000000000200b700' /proc/sys/fs/binfmt_misc/*; then
	[ "$(id -u)" = 0 ] || {
		echo "setup: this kernel runs no arm64 programs yet, and only root can have it do so; run once: sudo make setup" >&2
		exit 1
	}
	[ -e /proc/sys/fs/binfmt_misc/register ] || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
	# C: with the program's own rights; F: opened now, so that it is there in
	# every container.
	magic='\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
	mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
	printf ':qemu-aarch64:M::%s:%s:/usr/bin/qemu-aarch64-static:OCF' "$magic" "$mask" >/proc/sys/fs/binfmt_misc/register
	echo "setup: this kernel now runs arm64 programs"
fi
