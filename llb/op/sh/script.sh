# Runs a component's script and checks that it made what it promised.
#
#   /run/jetson/script   the script
#   COMPONENT, STEP
#   WORKDIR              where it runs
#   OUTPUTS              lines: what it must make
#   arguments            its environment, NAME=VALUE each
. /run/jetson/op/common.sh

n=$(jobs)
skeleton /out "${SYSROOT:-/}"
cd "${WORKDIR:-/}"
# What the language promises to scripts comes last, and stays.
(
	unset COMPONENT STEP WORKDIR OUTPUTS JOB_MEMORY
	exec /bin/sh -c "$given" given "$@" DESTDIR=/out PREFIX=/usr/local JOBS="$n" -- /bin/sh -e /run/jetson/script
) || die "the script failed with exit status $?"
while IFS= read -r path; do
	[ -e "/out$path" ] || [ -h "/out$path" ] || die "the script did not make $path"
done <<END
$OUTPUTS
END
finish /out
