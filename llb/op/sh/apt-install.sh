# Installs fetched packages into a root, without a network.
#
#   /run/jetson/debs   the package files
#   /run/jetson/apt    debconf, markers, sources to leave behind, fingerprints
#   /run/jetson/keys   the keys to leave behind
#   MODE               native: the root is /
#                      unpack: the root is /run/jetson/target, of another
#                      architecture; nothing is configured
#                      configure: the root is /, unpacked before
#   ARCH               the root's architecture
#   DRAFT              the root is only built in or tested in, never shipped
#   KEEP               names of archives to leave configured in the image
. /run/jetson/op/common.sh

in=/run/jetson/apt
debs=/run/jetson/debs
root=/
[ "$MODE" = unpack ] && root=/run/jetson/target
export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true
mark=/tmp/jetson-mark
touch "$mark"

# Services that a package would start have no place in a build.
policy=${root%/}/usr/sbin/policy-rc.d
own_policy=
if [ ! -e "$policy" ] && [ -d "${policy%/*}" ]; then
	own_policy=1
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
fi

# Scripts that run while packages are unpacked write to /dev/null. A base image
# has none: what they wrote would be a file of the image, and be read again.
own_null=
if [ "$MODE" = unpack ] && [ ! -e "$root/dev/null" ]; then
	own_null=1
	mkdir -p "$root/dev"
	# Not without root; the file that is there then goes all the same.
	mknod -m 666 "$root/dev/null" c 1 3 2>/dev/null || :
fi

# The fetched packages are an archive of their own; apt knows no other here.
apt() {
	verb=$1
	shift
	apt-get -q -y --no-install-recommends --no-remove \
		-o Dir::Etc::sourcelist=/tmp/jetson-apt.list -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o Dir::State::lists=/tmp/jetson-lists -o Dir::Cache::archives=/tmp/jetson-archives -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
		-o Dir::State="$root/var/lib/apt" -o Dir::State::status="${root%/}/var/lib/dpkg/status" \
		-o APT::Architecture="$ARCH" -o APT::Architectures="$ARCH" \
		-o APT::Sandbox::User=root -o Acquire::Languages=none -o Dpkg::Use-Pty=0 \
		-o DPkg::Options::=--force-confdef -o DPkg::Options::=--force-confold -o DPkg::Options::=--force-unsafe-io "$verb" "$@"
}

files() {
	[ -s "$debs/wanted" ] || return 0
	mkdir -p /tmp/jetson-lists/partial /tmp/jetson-archives/partial
	echo "deb [trusted=yes] file:$debs ./" >/tmp/jetson-apt.list
	quietly /tmp/jetson-apt.log apt update
	set --
	while IFS= read -r package; do
		set -- "$@" "$package"
	done <"$debs/wanted"
	case $MODE in
	native) quietly /tmp/jetson-apt.log apt install "$@" ;;
	unpack)
		# apt decides the order, dpkg unpacks, and only what others pre-depend on
		# is configured, through the emulator. The rest of the
		# maintainer scripts run later, where /proc and /dev are the real ones.
		quietly /tmp/jetson-apt.log apt -o DPkg::Options::=--root="$root" -o DPkg::Options::=--force-architecture \
			-o DPkg::Options::=--no-triggers -o PackageManager::Configure=smart -o DPkg::ConfigurePending=false install "$@"
		;;
	esac
}

if [ "$MODE" != configure ] && [ -s "$in/markers" ]; then
	while IFS= read -r marker; do
		mkdir -p "${root%/}${marker%/*}"
		: >"${root%/}$marker"
	done <"$in/markers"
fi
if [ "$MODE" != unpack ] && [ -s "$in/debconf" ]; then
	debconf-set-selections <"$in/debconf"
fi

case $MODE in
native) files ;;
unpack) files ;;
configure)
	# Byte code of Python's modules is a matter of speed, and an emulator takes
	# seconds for each package to make it.
	compiler=
	if [ -n "${DRAFT:-}" ] && [ -x /usr/bin/py3compile ]; then
		compiler=/usr/bin/py3compile
		mv "$compiler" /tmp/jetson-py3compile
		printf '#!/bin/sh\nexit 0\n' >"$compiler"
		chmod 755 "$compiler"
	fi
	quietly /tmp/jetson-apt.log dpkg --force-confdef --force-confold --force-unsafe-io --configure --pending
	[ -z "$compiler" ] || mv /tmp/jetson-py3compile "$compiler"
	;;
esac

if [ "$MODE" != configure ] && [ -d "$debs/unpack" ]; then
	for deb in "$debs"/unpack/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$root"
	done
fi

if [ "$MODE" != unpack ]; then
	# Archives and pins that the image keeps, so that a user's apt agrees.
	if [ -d "$in/keep" ]; then
		sh /run/jetson/op/key.sh
		cp -R "$in/keep/." /
		for archive in ${KEEP:-}; do
			[ -e "/run/jetson/keys/$archive.asc" ] || continue
			mkdir -p /etc/apt/keyrings
			cp "/run/jetson/keys/$archive.asc" "/etc/apt/keyrings/jetson-$archive.asc"
		done
	fi
fi

[ -z "$own_policy" ] || rm -f "$policy"
if [ -n "$own_null" ]; then
	rm -f "$root/dev/null"
	touch -d "@${SOURCE_DATE_EPOCH:-0}" "$root/dev"
fi
# Logs and caches say when this ran, and nothing needs them.
rm -rf "${root%/}"/var/log/apt "${root%/}"/var/log/dpkg.log "${root%/}"/var/log/alternatives.log "${root%/}"/var/log/bootstrap.log \
	"${root%/}"/var/cache/ldconfig/aux-cache "${root%/}"/var/cache/debconf/*-old "${root%/}"/var/lib/dpkg/*-old \
	"${root%/}"/var/lib/apt/lists/* "${root%/}"/var/cache/apt/*.bin "${root%/}"/var/cache/man
find "$root" -xdev \( -path "${root%/}/proc" -o -path "${root%/}/sys" -o -path "${root%/}/dev" -o -path "${root%/}/run" -o -path "${root%/}/tmp" \) -prune \
	-o -newer "$mark" -exec touch -h -d "@${SOURCE_DATE_EPOCH:-0}" {} +
rm -rf "$mark" /tmp/jetson-*
