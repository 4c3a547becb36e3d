# Runs a component's script and checks that it made what it promised.
#
#   /run/jetson/script   the script
#   arguments            the promised outputs
. /run/jetson/op/common.sh

export DESTDIR=/out PREFIX=/usr/local JOBS
JOBS=$(jobs)
skeleton /out "${SYSROOT:-/}"
cd "${WORKDIR:-/}"
(
	set +eu
	. /run/jetson/script
) || die "the script failed with exit status $?"
for path in "$@"; do
	[ -e "/out$path" ] || [ -h "/out$path" ] || die "the script did not make $path"
done
finish /out
