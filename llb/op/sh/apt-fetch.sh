# Resolves packages against a root's dpkg database and downloads them. Runs on
# the build platform whatever the root's architecture is: apt only computes.
#
#   /run/jetson/root   the root, read only; absent if it is the one that this runs in
#   /run/jetson/apt    sources, preferences, exact, unpack, fingerprints
#   /run/jetson/keys   the archives' keys
#   /run/jetson/debs   the result: the package files, `versions`, and `exact`,
#                      which gives the same files again; lines of it that begin
#                      with "unpack" are of what is not installed
#   /run/jetson/lists, /run/jetson/archives   caches
#   ARCH               the root's architecture
#   arguments          the packages
. /run/jetson/op/common.sh

in=/run/jetson/apt
out=/run/jetson/debs
mkdir -p /tmp/apt/none/partial /run/jetson/lists/partial /run/jetson/archives/partial
root=/run/jetson/root
[ -d "$root" ] || root=
status=$root/var/lib/dpkg/status
[ -r "$status" ] || die "the image has no dpkg database; packages can only be installed on Debian and Ubuntu"

# A base image has no certificates, and its archive, which has them, may be
# mirrored on https. What comes from there is signed, as it is over http.
verify=true
if grep -q '^URIs: https:' "$in/jetson.sources" && [ ! -s /etc/ssl/certs/ca-certificates.crt ]; then
	say "there are no certificates here to hold a mirror to; its signatures are checked as ever"
	verify=false
fi

# The lists in the cache may be older than a change of the archive's name for
# itself, which apt would have confirmed: a fresh builder would not be asked.
# What apt makes of the lists is kept from one call to the next.
apt() {
	verb=$1
	shift
	apt-get -q -y --no-install-recommends --no-remove \
		-o Dir::Etc::sourcelist="$in/jetson.sources" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences="$in/preferences" -o Dir::Etc::preferencesparts=/dev/null \
		-o Dir::State::lists=/run/jetson/lists -o Dir::State::status="$status" \
		-o Dir::State::extended_states=/tmp/apt/extended_states \
		-o Dir::Cache::archives=/run/jetson/archives \
		-o Dir::Cache::pkgcache=/tmp/apt/pkgcache.bin -o Dir::Cache::srcpkgcache=/tmp/apt/srcpkgcache.bin \
		-o APT::Architecture="$ARCH" -o APT::Architectures="$ARCH" \
		-o APT::Sandbox::User=root -o Debug::NoLocking=true -o Acquire::Languages=none -o Acquire::Retries=3 \
		-o Acquire::Check-Valid-Until="${CHECK_VALID_UNTIL:-true}" -o APT::Get::List-Cleanup=false \
		-o Acquire::AllowReleaseInfoChange=true -o Acquire::https::Verify-Peer="$verify" -o Acquire::https::Verify-Host="$verify" \
		-o Dpkg::Use-Pty=0 "$verb" "$@"
}

sh /run/jetson/op/key.sh
if ! apt update >/tmp/apt/update.log 2>&1; then
	cat /tmp/apt/update.log >&2
	die "the package lists cannot be read"
fi
if grep -E '^(W|E): .*(Failed to fetch|NO_PUBKEY|EXPKEYSIG|not signed)' /tmp/apt/update.log >&2; then
	die "an archive cannot be reached or its signature does not hold"
fi

for package; do
	printf '%s\n' "$package"
done >"$out/wanted"
if [ -s "$in/exact" ]; then
	set --
	while IFS= read -r package; do
		case $package in
		'unpack '*) ;;
		*) set -- "$@" "$package" ;;
		esac
	done <"$in/exact"
fi

# sums gives what apt would fetch as lines NAME HASH. Its own that name a file
# are: 'URI' NAME SIZE HASH
sums() {
	sed -n "s/^'[^']*' \\([^ ]*\\.deb\\) [0-9]* *\\(.*\\)/\\1 \\2/p" | sort -u
}

# checksums completes such lines: apt 2.6 names no checksum of what it would
# install, only of what it is asked to download.
checksums() {
	cat >/tmp/apt/incomplete
	awk 'NF == 2' /tmp/apt/incomplete
	awk 'NF == 1 {
		file = substr($1, 1, length($1) - length(".deb"))
		name = substr(file, 1, index(file, "_") - 1)
		rest = substr(file, length(name) + 2)
		match(rest, /_[^_]*$/)
		version = substr(rest, 1, RSTART - 1)
		gsub(/%3a/, ":", version)
		print name ":" substr(rest, RSTART + 1) "=" version
	}' /tmp/apt/incomplete >/tmp/apt/exact
	set --
	while IFS= read -r exact; do
		set -- "$@" "$exact"
	done </tmp/apt/exact
	[ $# -eq 0 ] || apt download --print-uris -o Dir::Cache::archives=/tmp/apt/none "$@" | sums
}

# mistaken DIR prints which files of /tmp/apt/names do not have the checksum in
# DIR that apt gives for them; of those that an archive has apt names the
# strongest.
mistaken() {
	rm -f /tmp/apt/*.sums
	while read -r name hash; do
		case $hash in
		SHA512:*) of=sha512sum ;;
		SHA256:*) of=sha256sum ;;
		SHA1:*) of=sha1sum ;;
		MD5Sum:*) of=md5sum ;;
		*) die "the archive gives no checksum for $name" ;;
		esac
		printf '%s  %s\n' "${hash#*:}" "$name" >>"/tmp/apt/$of.sums"
	done </tmp/apt/names
	for list in /tmp/apt/*.sums; do
		[ -e "$list" ] || continue
		of=${list##*/}
		(cd "$1" && "${of%.sums}" --check "$list" 2>/dev/null || :) | sed -n 's/: OK$//p'
	done >/tmp/apt/right
	awk 'FILENAME == "/tmp/apt/right" {right[$0] = 1; next} !($1 in right) {print $1}' /tmp/apt/right /tmp/apt/names
}

# verified DIR COMMAND… has a command bring the files of /tmp/apt/names to DIR
# and holds each to its checksum. apt takes what its cache has by name and size
# alone, and whatever uses the builder can write there.
verified() {
	dir=$1
	shift
	for _ in 1 2; do
		"$@" >/tmp/apt/download.log 2>&1 || return 1
		mistaken "$dir" >/tmp/apt/wrong
		[ -s /tmp/apt/wrong ] || return 0
		while IFS= read -r name; do
			wrong=$name
			rm -f "$dir/$name" "/run/jetson/archives/$name"
		done </tmp/apt/wrong
	done
	die "$wrong is not what its archive says"
}

if [ $# -gt 0 ]; then
	# Every name is resolved together; what apt would remove is an error. The
	# list of files is made against an empty cache: apt leaves out what it has.
	if ! apt install --print-uris -o Dir::Cache::archives=/tmp/apt/none "$@" >/tmp/apt/uris 2>/tmp/apt/resolve.log; then
		cat /tmp/apt/uris /tmp/apt/resolve.log >&2
		[ ! -s "$in/exact" ] || die "what the lock holds cannot be had; jetson lock writes it anew"
		die "apt cannot install these packages together: $*"
	fi
	sums </tmp/apt/uris >/tmp/apt/named
	checksums </tmp/apt/named | sort >/tmp/apt/names
	[ "$(wc -l </tmp/apt/named)" -eq "$(wc -l </tmp/apt/names)" ] || die "apt does not name a checksum for every package"
	if ! verified /run/jetson/archives apt install --download-only "$@"; then
		tail -n 30 /tmp/apt/download.log >&2
		die "the packages cannot be downloaded"
	fi
	(cd /run/jetson/archives && cut -d' ' -f1 /tmp/apt/names | xargs -r -d '\n' cp -t "$out" --)
fi

# locked NAME is which version of a package the lock has unpacked.
locked() {
	sed -n 's/^unpack //p' "$in/exact" | while IFS= read -r exact; do
		case $exact in
		"$1":*) printf '%s\n' "$exact" ;;
		esac
	done
}

# Packages that are unpacked and not installed come without what they need.
if [ -s "$in/unpack" ]; then
	mkdir -p "$out/unpack"
	cd "$out/unpack"
	while IFS= read -r package; do
		exact=$package:$ARCH
		if [ -s "$in/exact" ]; then
			exact=$(locked "$package")
			[ -n "$exact" ] || die "the lock does not say which $package it is; jetson lock writes it anew"
		fi
		if ! apt download --print-uris -o Dir::Cache::archives=/tmp/apt/none "$exact" 2>/tmp/apt/download.log >/tmp/apt/uris; then
			cat /tmp/apt/download.log >&2
			[ ! -s "$in/exact" ] || die "what the lock holds cannot be had; jetson lock writes it anew"
			die "there is no $package to download"
		fi
		sums </tmp/apt/uris >/tmp/apt/names
		if ! verified "$out/unpack" apt download "$exact"; then
			tail -n 30 /tmp/apt/download.log >&2
			die "$package cannot be downloaded"
		fi
	done <"$in/unpack"
	cd /
fi

# controls FILE… prints what packages say of themselves, each behind a line /FILE.
controls() {
	for deb; do
		[ -e "$deb" ] || continue
		printf '/%s\n' "${deb##*/}"
		dpkg-deb -f "$deb"
	done
}

# exactly PREFIX reads that and prints lines PREFIX PACKAGE:ARCHITECTURE=VERSION.
exactly() {
	awk -v prefix="$1" '
		function flush() {
			if (name != "") printf "%s%s:%s=%s\n", prefix, name, arch, version
			name = arch = version = ""
		}
		/^\// {flush()}
		/^[^ \t\/]/ {
			key = tolower($1)
			if (key == "package:") name = $2
			if (key == "architecture:") arch = $2
			if (key == "version:") version = $2
		}
		END {flush()}'
}

# What the archives were asked for, for a lock.
controls "$out"/*.deb >/tmp/apt/controls
{
	exactly '' </tmp/apt/controls
	controls "$out"/unpack/*.deb | exactly 'unpack '
} | sort >"$out/exact"

# Package files that no archive holds are mounted under their checksum.
if [ -d /run/jetson/local ]; then
	for deb in /run/jetson/local/*.deb; do
		[ -e "$deb" ] || continue
		cp "$deb" "$out/"
		dpkg-deb -f "$deb" Package >>"$out/wanted"
	done
	controls "$out"/*.deb >/tmp/apt/controls
fi

# What was fetched is itself an archive, from which the install takes it.
exactly '' </tmp/apt/controls | sort >"$out/versions"
: >/tmp/apt/files
if [ -s /tmp/apt/controls ]; then
	(cd "$out" && stat -c '%s %n' -- *.deb && sha256sum -- *.deb) >/tmp/apt/files
fi
awk '
	function flush() {
		if (file != "") printf "Filename: ./%s\nSize: %s\nSHA256: %s\n\n", file, size[file], sum[file]
	}
	FILENAME == "/tmp/apt/files" {
		if (length($1) == 64) sum[$2] = $1
		else size[$2] = $1
		next
	}
	/^\// {flush(); file = substr($0, 2); next}
	{print}
	END {flush()}' /tmp/apt/files /tmp/apt/controls >"$out/Packages"
find "$out" -exec touch -h -d @0 {} +
say "$(find "$out" -name '*.deb' -exec stat -c %s {} + | awk '{n += $1} END {
	if (NR == 0) print "nothing to fetch: everything is installed already"
	else printf "%d package%s, %.1f MB\n", NR, NR == 1 ? "" : "s", n / 1e6
}')"
