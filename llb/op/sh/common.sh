# Read by every script of this folder: settings, messages, and what is done to
# a finished tree. POSIX sh; values come as arguments or environment, never as
# text that a shell reads.
set -eu
export LC_ALL=C TZ=UTC HOME=/root

say() { printf 'jetson: %s\n' "$*"; }

die() {
	printf 'jetson: error: %s\n' "$*" >&2
	exit 1
}

# given is a shell's text that runs what stands behind -- among its arguments,
# with the variables NAME=VALUE before it. They are the user's, and a script's
# own would be overwritten by those of the same name: so no script holds them,
# and another process does.
# shellcheck disable=SC2016,SC2034 # that shell expands it; other scripts use it
given='while [ "$1" != -- ]; do
	export "$1"
	shift
done
shift
exec "$@"'

# override NAME prints what the user's optional secret file says for NAME. The
# file has lines NAME=value; it is not part of any cache key.
override() {
	[ -r /run/jetson/override ] || return 0
	while IFS='=' read -r name value || [ -n "$name" ]; do
		if [ "$name" = "$1" ]; then
			printf '%s\n' "$value"
			return 0
		fi
	done </run/jetson/override
}

# jobs prints how many compilers may run at once: one for each processor, fewer
# where memory is short. JOB_MEMORY is what one may need, in bytes.
jobs() {
	forced=$(override JOBS)
	case $forced in
	# 0 would be as many as there are files.
	'' | *[!0-9]* | 0* | ?????*) ;;
	*)
		echo "$forced"
		return
		;;
	esac
	cpus=$(nproc 2>/dev/null || echo 1)
	bytes=0
	while read -r key kib _; do
		case $key in
		MemAvailable: | SwapFree:) bytes=$((bytes + kib * 1024)) ;;
		esac
	done </proc/meminfo
	for limit in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
		[ -r "$limit" ] || continue
		read -r max <"$limit"
		case $max in
		*[!0-9]* | '' | ???????????????????*) ;;
		*) [ "$max" -ge "$bytes" ] || bytes=$max ;;
		esac
	done
	n=$((bytes / ${JOB_MEMORY:-671088640}))
	[ "$n" -le "$cpus" ] || n=$cpus
	[ "$n" -ge 1 ] || n=1
	echo "$n"
}

# ccache_setup points ccache at the cache that all compiles of one architecture
# and compiler share.
ccache_setup() {
	export CCACHE_DIR=/run/jetson/ccache CCACHE_BASEDIR="/build/$COMPONENT" CCACHE_NOHASHDIR=1 CCACHE_COMPILERCHECK=content
	export CCACHE_SLOPPINESS=include_file_mtime,include_file_ctime CCACHE_MAXSIZE=20G CCACHE_TEMPDIR=/tmp/jetson-ccache
	export CCACHE_STATSLOG=/tmp/jetson-ccache.stats
	remote=$(override CCACHE_REMOTE_STORAGE)
	[ -z "$remote" ] || export CCACHE_REMOTE_STORAGE="$remote" CCACHE_SECONDARY_STORAGE="$remote"
	mkdir -p "$CCACHE_TEMPDIR"
}

# ccache_report says how much came from the cache.
ccache_report() {
	[ -s "${CCACHE_STATSLOG:-}" ] || return 0
	awk '/^(direct_cache_hit|preprocessed_cache_hit|remote_storage_hit)$/ {h++} /^cache_miss$/ {m++}
		END {if (h + m) printf "jetson: ccache %d of %d hits\n", h, h + m}' "$CCACHE_STATSLOG"
}

# quietly LOG COMMAND… runs a command with its output in a file and shows how
# far it got; if it fails, the end of the output and the command are shown.
quietly() {
	log=$1
	shift
	rc=0
	{
		"$@" 2>&1 || echo "$?" >"$log.rc"
	} | {
		shown=0
		while IFS= read -r line; do
			printf '%s\n' "$line"
			case $line in
			'['*/*']'*)
				at=${line#\[}
				of=${at#*/}
				at=${at%%/*}
				of=${of%%\]*}
				case $at$of in
				*[!0-9]* | '' | ???????????????????*) ;;
				*)
					# A number that begins with 0 would be octal.
					at=${at#"${at%%[!0]*}"}
					of=${of#"${of%%[!0]*}"}
					part=$((${at:-0} * 20 / ${of:-1}))
					if [ "$part" -gt "$shown" ]; then
						shown=$part
						printf '[%s/%s]\n' "${at:-0}" "${of:-0}" >&2
					fi
					;;
				esac
				;;
			esac
		done >"$log"
	}
	if [ -e "$log.rc" ]; then
		rc=$(cat "$log.rc")
		rm -f "$log.rc"
		failed "$log" "$rc" "$@"
	fi
}

# failed LOG STATUS COMMAND… shows why a quiet command failed, and ends.
failed() {
	log=$1
	rc=$2
	shift 2
	printf -- '---- the end of its output ----\n' >&2
	# What failed stands before the commands that were still running, and what
	# CMake could not do before all that it goes on to say.
	if grep -q '^FAILED: ' "$log"; then
		awk '/^FAILED: / {on = 1} on' "$log" | head -n 60 >&2
	elif grep -q '^CMake Error' "$log"; then
		awk '/^CMake Error/ {on = 1}
			on && /^--/ {on = 0}
			on' "$log" | head -n 60 >&2
	else
		tail -n 40 "$log" >&2
	fi
	printf -- '-------------------------------\n' >&2
	line=$*
	[ ${#line} -le 400 ] || line="$(printf '%s' "$line" | cut -c1-400) …"
	die "exit status $rc: $line"
}

# unread LOG… prints the options that nobody read, as CMake says itself.
unread() {
	awk '/Manually-specified variables were not used by the project/ {on = 1; next}
		on && /^[^ ]/ {on = 0}
		on && NF == 1 {print $1}' "$@"
}

# skeleton TREE ROOT gives TREE the symbolic links that ROOT has at its top
# (/lib, /bin …), so that what is installed through them does not replace them
# when the tree is merged.
skeleton() {
	for name in bin sbin lib lib32 lib64 libx32; do
		if [ -h "${2%/}/$name" ]; then
			target=$(readlink "${2%/}/$name")
			mkdir -p "$1/${target#/}"
			ln -s "${target#/}" "$1/$name"
		fi
	done
}

# finish TREE makes an installed tree fit to be merged: nothing in places that
# no component may write to, no path of the build in texts, times that do not
# depend on the clock, and a list of its files beside them.
finish() {
	for name in bin sbin lib lib32 lib64 libx32; do
		if [ -h "$1/$name" ]; then
			rm "$1/$name"
			rmdir "$1/usr/$name" 2>/dev/null || :
		fi
	done
	rmdir "$1/usr" 2>/dev/null || :
	for name in tmp root var proc dev sys run src build home out; do
		if [ -e "$1/$name" ] || [ -h "$1/$name" ]; then
			die "this step installs to /$name, which a component may not do"
		fi
	done
	# Anything else at the top would stand in the place of the root's own.
	for name in "$1"/* "$1"/.[!.]*; do
		if [ -h "$name" ] || [ -e "$name" ] && [ ! -d "$name" ]; then
			die "this step installs /${name##*/}, which is no folder"
		fi
	done
	scrub "$1"
	list=$1/usr/share/jetson/files/$COMPONENT/$STEP
	mkdir -p "${list%/*}"
	(cd "$1" && find . ! -type d | cut -c2- | sort) >/tmp/jetson-files
	cat /tmp/jetson-files >"$list"
	settle "$1"
}

# settle TREE sets every time in it to the date of the source.
settle() {
	find "$1" -exec touch -h -d "@${SOURCE_DATE_EPOCH:-0}" {} +
}

# scrub TREE takes the sysroot's path out of texts that others read: CMake
# packages and pkg-config files.
scrub() {
	[ -n "${SYSROOT:-}" ] || return 0
	find "$1" -type f \( -name '*.cmake' -o -name '*.pc' -o -name '*.prl' -o -name '*.la' \) -exec grep -l "$SYSROOT" {} + 2>/dev/null |
		while IFS= read -r file; do
			sed "s,$SYSROOT/,/,g; s,$SYSROOT\\([^A-Za-z0-9_-]\\|\$\\),\\1,g" "$file" >/tmp/jetson-scrub
			cat /tmp/jetson-scrub >"$file"
		done
}
