# Builds a ROS workspace into an overlay of its own.
#
#   COMPONENT, STEP, SOURCE
#   PREFIX              where the overlay lies in the image
#   UNDERLAY            lines: prefixes to build on, nearest last
#   PACKAGES, SKIP      lines: names; without PACKAGES, all that SOURCE holds
#   arguments           CMake options, each -DNAME=VALUE
. /run/jetson/op/common.sh

# ignored ends the step over an option that no package of the workspace reads. A
# package may: they share the options.
ignored() {
	for name in $wanted_options; do
		read=
		for cache in "/build/$COMPONENT"/*/CMakeCache.txt; do
			[ -e "$cache" ] || continue
			package=${cache%/CMakeCache.txt}
			unread /tmp/colcon-log/build_*/"${package##*/}"/stdout_stderr.log | grep -qxF -e "$name" || read=1
		done
		[ -n "$read" ] || die "no package of the workspace reads the option $name; an option that does nothing is a mistake"
	done
}

wanted_options=
for option; do
	option=${option#-D}
	wanted_options="$wanted_options ${option%%=*}"
done
ccache_setup
export PYTHONDONTWRITEBYTECODE=1 COLCON_HOME=/tmp/colcon
set -- "$@" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache
n=$(jobs)
export CMAKE_BUILD_PARALLEL_LEVEL="$n" MAKEFLAGS="-j$n"

# Setup files are not written for a shell that stops at the first error.
set +eu
while IFS= read -r prefix; do
	[ -n "$prefix" ] || continue
	for setup in "$prefix/local_setup.sh" "$prefix/setup.sh"; do
		if [ -r "$setup" ]; then
			. "$setup"
			continue 2
		fi
	done
	die "there is no underlay in $prefix"
done <<END
$UNDERLAY
END
set -eu

cmake_args=$#
if [ -n "${PACKAGES:-}" ]; then
	set -- "$@" --packages-up-to
	while IFS= read -r name; do
		set -- "$@" "$name"
	done <<-END
		$PACKAGES
	END
fi
if [ -n "${SKIP:-}" ]; then
	set -- "$@" --packages-skip
	while IFS= read -r name; do
		set -- "$@" "$name"
	done <<-END
		$SKIP
	END
fi
# The CMake options stand first among the arguments; colcon wants them last.
set -- "$@" --cmake-args
while [ "$cmake_args" -gt 0 ]; do
	set -- "$@" "$1"
	shift
	cmake_args=$((cmake_args - 1))
done
say "build with $n jobs"
mkdir -p "$PREFIX"
quietly /tmp/jetson-colcon.log colcon --log-base /tmp/colcon-log build --base-paths "$SOURCE" --build-base "/build/$COMPONENT" \
	--install-base "$PREFIX" --merge-install --executor sequential --event-handlers console_direct+ "$@"
ignored
ccache_report
[ -e "$PREFIX/local_setup.bash" ] || die "colcon built nothing in $SOURCE"
mkdir -p "/out$PREFIX"
cp -R "$PREFIX/." "/out$PREFIX/"
finish /out
say "installed $(wc -l <"/out/usr/share/jetson/files/$COMPONENT/$STEP") files"
