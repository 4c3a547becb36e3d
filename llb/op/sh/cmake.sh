# Configures, builds and installs a CMake project.
#
#   COMPONENT, STEP      whose step this is
#   SOURCE               where its source is
#   PREFIX, BUILD_TYPE
#   MACHINE              what uname -m says on the target
#   SYSROOT              the target's root, if it is of another architecture
#   HOST_TOOLS           lines of "cmake target=program of the build platform"
#   CUDA                 compute capabilities, separated by semicolons, if the
#                        project has device code
#   UNUSED               option names, one a line, that the project may ignore
#   TARGETS, INSTALL     lines: build targets and install components
#   arguments            the options, each -DNAME=VALUE
. /run/jetson/op/common.sh

BUILD=/build/$COMPONENT
TRIPLE=$MACHINE-linux-gnu
# A static emulator of the toolchain, for programs that CMake wants to run.
EMULATOR=/usr/bin/qemu-$MACHINE-static
# Where Debian and Ubuntu keep the programs of their own package of CUDA.
DISTRIBUTION_CUDA=/usr/lib/nvidia-cuda-toolkit
configure_log=/tmp/jetson-configure.log
build_log=/tmp/jetson-build.log

# toolchain writes the file that turns a build into a cross build.
toolchain() {
	cat <<-END
		set(CMAKE_SYSTEM_NAME Linux)
		set(CMAKE_SYSTEM_PROCESSOR $MACHINE)
		set(CMAKE_SYSROOT $SYSROOT)
		set(CMAKE_LIBRARY_ARCHITECTURE $TRIPLE)
		set(CMAKE_C_COMPILER /usr/bin/$TRIPLE-gcc)
		set(CMAKE_CXX_COMPILER /usr/bin/$TRIPLE-g++)
		set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
		set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
		set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
		set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
	END
	if [ -x "$EMULATOR" ]; then
		echo "set(CMAKE_CROSSCOMPILING_EMULATOR \"$EMULATOR;-L;$SYSROOT\")"
	fi
}

# cuda finds the compiler of device code, which is the build platform's, and
# tells it and CMake, which asks it, where the target's toolkit is. In a cross
# build that is in the sysroot.
cuda() {
	nvcc=
	for nvcc in /usr/local/cuda/bin/nvcc /usr/local/cuda-*/bin/nvcc "$DISTRIBUTION_CUDA/bin/nvcc"; do
		[ -x "$nvcc" ] && break
	done
	[ -x "$nvcc" ] || die "there is no nvcc in this environment; the component needs a tool that brings it"
	# A toolkit may not take the distribution's newest compiler: an older one that
	# came with it is used.
	host=g++
	[ -z "${SYSROOT:-}" ] || host=$TRIPLE-g++
	for version in 7 8 9 10 11 12 13 14; do
		if [ -x "/usr/bin/$host-$version" ]; then
			host=$host-$version
			break
		fi
	done
	case $nvcc in
	"$DISTRIBUTION_CUDA"/*) distribution_cuda ;;
	*) [ -z "${SYSROOT:-}" ] || nvidia_cuda "${nvcc%/bin/nvcc}" ;;
	esac
	cuda_host "/usr/bin/$host"
	export CUDACXX="$nvcc" CUDAARCHS="$CUDA"
	[ -z "${SYSROOT:-}" ] || export NVCC_APPEND_FLAGS="${NVCC_APPEND_FLAGS:-} -Xcompiler --sysroot=$SYSROOT"
}

# distribution_cuda is for the toolkit as a distribution packages it, spread
# over /usr. Its settings do not say where that is, as NVIDIA's do, and lead to
# the libraries of the build platform.
distribution_cuda() {
	rm -f "$DISTRIBUTION_CUDA/bin/nvcc.profile"
	cat >"$DISTRIBUTION_CUDA/bin/nvcc.profile" <<-END
		TOP = ${SYSROOT:-}/usr
		NVVMIR_LIBRARY_DIR = /usr/lib/cuda/nvvm/libdevice
		PATH += $DISTRIBUTION_CUDA/bin:
		LIBRARIES =+ \$(_SPACE_) -L${SYSROOT:-}/usr/lib/$TRIPLE/stubs -L${SYSROOT:-}/usr/lib/$TRIPLE
	END
}

# nvidia_cuda TOP is for a toolkit in NVIDIA's own layout: what belongs to the
# target lies in a folder of its own below targets, as it does in the sysroot.
# CMake knows one name for it, whatever the kind of arm64.
nvidia_cuda() {
	for toolkit in "$SYSROOT${1%/}"/targets/*-linux "$SYSROOT"/usr/local/cuda-*/targets/*-linux; do
		[ -d "$toolkit" ] || continue
		mkdir -p "$1/targets"
		[ -e "$1/targets/$MACHINE-linux" ] || ln -s "$toolkit" "$1/targets/$MACHINE-linux"
		export NVCC_APPEND_FLAGS="-target-dir $MACHINE-linux"
		return
	done
	die "the sysroot has no CUDA; the component needs to link to what brings it"
}

# cuda_host COMPILER puts a program before the compiler that nvcc calls. nvcc
# names its temporary files after its process, and the compiler writes that name
# into every object: it is taken out, so that the same sources give the same
# bytes. ccache looks at this program, which therefore names the compiler's sum.
cuda_host() {
	objcopy=objcopy
	[ -z "${SYSROOT:-}" ] || objcopy=$TRIPLE-objcopy
	export CUDAHOSTCXX=/tmp/jetson-cuda/g++
	mkdir -p "${CUDAHOSTCXX%/*}"
	{
		printf '#!/bin/sh\n# %s\ncompiler=%s\nobjcopy=%s\n' "$(sha256sum "$1")" "$1" "$objcopy"
		cat <<-'END'
			temporary= object= mode= before=
			for argument; do
				case $before in -o) object=$argument ;; esac
				case $argument in
				-c) mode=compile ;;
				*/tmpxft_*.cpp) temporary=$argument ;;
				esac
				before=$argument
			done
			if [ -z "$mode" ] || [ -z "$temporary" ] || [ -z "$object" ]; then
				exec "$compiler" "$@"
			fi
			prefix=$(printf '%s' "$temporary" | sed 's/\(.*tmpxft_[0-9a-f]*_[0-9a-f]*-[0-9]*_\).*/\1/')
			"$compiler" "$@" "-fdebug-prefix-map=$prefix=" || exit
			exec "$objcopy" --wildcard --strip-symbol='tmpxft_*' "$object"
		END
	} >"$CUDAHOSTCXX"
	chmod 755 "$CUDAHOSTCXX"
}

# host_tools writes a file that CMake reads inside the project: the target's
# packages would name tools of the target, which do not run here.
host_tools() {
	printf '%s\n' "$HOST_TOOLS" | while IFS='=' read -r name program; do
		[ -n "$name" ] || continue
		printf 'if(NOT TARGET %s)\n\tadd_executable(%s IMPORTED GLOBAL)\n\tset_target_properties(%s PROPERTIES IMPORTED_LOCATION "%s")\nendif()\n' \
			"$name" "$name" "$name" "$program"
	done
}

# sysroot_links makes absolute paths in the target's CMake files valid on the
# build platform, without hiding anything that is there. Programs are left out:
# they would not run.
sysroot_links() {
	for dir in "/usr/lib/$TRIPLE" /usr/local/lib /usr/local/include /usr/local/share; do
		[ -d "$SYSROOT$dir" ] || continue
		mkdir -p "$dir"
		cp -rsn "$SYSROOT$dir/." "$dir/" 2>/dev/null || :
	done
	# Folders of headers that packages name by absolute path.
	for dir in "$SYSROOT"/usr/include/*/; do
		dir=${dir%/}
		at=/usr/include/${dir##*/}
		if [ -d "$dir" ] && [ ! -e "$at" ]; then
			ln -s "$dir" "$at"
		fi
	done
	imported_programs "$SYSROOT/usr/lib/$TRIPLE/cmake" /usr/bin
	imported_programs "$SYSROOT/usr/local/lib/cmake" /usr/local/bin
	imported_programs "$SYSROOT/usr/local/lib/$TRIPLE/cmake" /usr/local/bin
	# A package that was built with Python names its extensions too. No Python
	# of the build platform loads a file with another machine in its name.
	find "$SYSROOT/usr/lib/python3" -name "*-$TRIPLE.so" 2>/dev/null | while IFS= read -r module; do
		at=${module#"$SYSROOT"}
		[ ! -e "$at" ] || continue
		mkdir -p "${at%/*}"
		ln -s "$module" "$at"
	done
}

# imported_programs CMAKE BIN: CMake holds a package to the programs that it
# names, whether or not they are used. Those alone are linked, and only where
# nothing has their name.
imported_programs() {
	[ -d "$1" ] || return 0
	mkdir -p "$2"
	grep -rhoE '_IMPORT_PREFIX\}/bin/[A-Za-z0-9._+-]+' "$1" 2>/dev/null | sort -u | while IFS= read -r named; do
		program=$2/${named##*/}
		if [ ! -e "$program" ] && [ -e "$SYSROOT$program" ]; then
			ln -s "$SYSROOT$program" "$program"
		fi
	done
}

# ignored reports options that had no effect: CMake names those that nobody
# read; a cache entry without a type was never declared by the project.
ignored() {
	printf '%s\n' "${UNUSED:-}" CMAKE_C_COMPILER_LAUNCHER CMAKE_CXX_COMPILER_LAUNCHER CMAKE_CUDA_COMPILER_LAUNCHER \
		CMAKE_EXPORT_NO_PACKAGE_REGISTRY CMAKE_TOOLCHAIN_FILE CMAKE_PROJECT_INCLUDE CMAKE_JOB_POOLS >/tmp/jetson-unused
	{
		unread "$configure_log"
		sed -n 's/^\([A-Za-z0-9_.-]*\):UNINITIALIZED=.*/\1/p' "$BUILD/CMakeCache.txt" | grep -v '^CMAKE_' || :
	} | sort -u | grep -vxF -f /tmp/jetson-unused >/tmp/jetson-ignored || :
	if [ -s /tmp/jetson-ignored ]; then
		while IFS= read -r name; do
			printf 'jetson: error: the project ignores the option %s\n' "$name" >&2
		done </tmp/jetson-ignored
		die "an option that does nothing is a mistake; remove it, or name it under 'unused'"
	fi
}

# verify looks at what was installed: the right architecture, and no library
# path that exists only here.
verify() {
	find /out -type f \( -name '*.so*' -o -perm -100 \) -exec readelf -hd /dev/null {} + 2>/dev/null |
		awk -v machine="$MACHINE" '
			/^File: / {file = substr($0, 7)}
			/^ *Machine:/ {
				m = $0
				sub(/^ *Machine: */, "", m)
				if (machine == "aarch64" && m != "AArch64" || machine == "x86_64" && m !~ /X86-64/) {
					print "jetson: error: " file " is for " m ", not for " machine
					bad = 1
				}
			}
			/\((RPATH|RUNPATH)\)/ && (/\/run\/jetson/ || /\/build\//) {
				print "jetson: error: " file " looks for libraries where it was built: " $0
				bad = 1
			}
			END {exit bad}' >&2 || die "what was installed cannot run on the target"
}

main() {
	ccache_setup
	mkdir -p "$BUILD"
	set -- "$@" -DCMAKE_BUILD_TYPE="$BUILD_TYPE" -DCMAKE_INSTALL_PREFIX="$PREFIX" \
		-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCMAKE_EXPORT_NO_PACKAGE_REGISTRY=ON
	if [ -n "${CUDA:-}" ]; then
		cuda
		set -- "$@" -DCMAKE_CUDA_COMPILER_LAUNCHER=ccache
	fi
	if [ -n "${SYSROOT:-}" ]; then
		toolchain >/tmp/jetson-toolchain.cmake
		sysroot_links
		export PKG_CONFIG_SYSROOT_DIR="$SYSROOT"
		export PKG_CONFIG_LIBDIR="$SYSROOT/usr/local/lib/pkgconfig:$SYSROOT/usr/local/lib/$TRIPLE/pkgconfig:$SYSROOT/usr/local/share/pkgconfig:$SYSROOT/usr/lib/$TRIPLE/pkgconfig:$SYSROOT/usr/lib/pkgconfig:$SYSROOT/usr/share/pkgconfig"
		set -- "$@" -DCMAKE_TOOLCHAIN_FILE=/tmp/jetson-toolchain.cmake
		if [ -n "${HOST_TOOLS:-}" ]; then
			host_tools >/tmp/jetson-host-tools.cmake
			set -- "$@" -DCMAKE_PROJECT_INCLUDE=/tmp/jetson-host-tools.cmake
		fi
	fi
	say "configure $SOURCE"
	quietly "$configure_log" cmake -G Ninja -S "$SOURCE" -B "$BUILD" "$@"
	ignored
	n=$(jobs)
	say "build with $n jobs"
	set --
	if [ -n "${TARGETS:-}" ]; then
		while IFS= read -r target; do
			set -- "$@" "$target"
		done <<-END
			$TARGETS
		END
	fi
	quietly "$build_log" ninja -C "$BUILD" -j "$n" "$@"
	ccache_report
	install_all
	verify
	finish /out
	say "installed $(wc -l <"/out/usr/share/jetson/files/$COMPONENT/$STEP") files"
}

install_all() {
	skeleton /out "${SYSROOT:-/}"
	if [ -z "${INSTALL:-}" ]; then
		DESTDIR=/out quietly /tmp/jetson-install.log cmake --install "$BUILD"
		return
	fi
	printf '%s\n' "$INSTALL" | while IFS= read -r component; do
		DESTDIR=/out quietly /tmp/jetson-install.log cmake --install "$BUILD" --component "$component"
	done
}

main "$@"
