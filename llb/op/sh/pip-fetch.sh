# Resolves one link of a Python world and downloads its wheels. Runs on the
# build platform whatever the target is: pip only computes.
#
#   /run/jetson/root     the target's plain root; its C library decides which
#                        wheels can run
#   /run/jetson/pip      indexes, constraints, wanted, nodeps: one a line; exact,
#                        if the lock says what it is to be
#   /run/jetson/local    wheels by address
#   /run/jetson/built/N  wheels that this build made
#   /run/jetson/earlier/N  what the links before this one took
#   /run/jetson/cache    pip's cache
#   /run/jetson/out      the result: wheels, `versions`, `flags`, and `exact`,
#                        which gives the same wheels again
#   MACHINE, PYTHON      the target's
. /run/jetson/op/common.sh

in=/run/jetson/pip
out=/run/jetson/out
export PYTHONPATH=/run/jetson/op PYTHONDONTWRITEBYTECODE=1 TARGET_MACHINE="$MACHINE" TARGET_PYTHON="$PYTHON"

# flags says what the target can run, as pip's options. The C library's version
# is that of the package in the root.
flags() {
	glibc=$(awk '/^Package: libc6$/ {on = 1} on && /^Version: / {split($2, v, /[.-]/); print v[2]; exit}' /run/jetson/root/var/lib/dpkg/status)
	[ -n "$glibc" ] || die "the image has no C library that wheels could use"
	# What was made for this machine alone comes first: an index may hold a wheel
	# of the same version that lacks what this one is for.
	printf '%s\n' --only-binary=:all: --implementation cp --python-version "$PYTHON" --platform "linux_$MACHINE"
	while [ "$glibc" -ge 17 ]; do
		printf '%s\n' --platform "manylinux_2_${glibc}_$MACHINE"
		glibc=$((glibc - 1))
	done
	printf '%s\n' --platform "manylinux2014_$MACHINE"
	if [ "$MACHINE" = x86_64 ]; then
		printf '%s\n' --platform manylinux2010_x86_64 --platform manylinux1_x86_64
	fi
}
flags >"$out/flags"

# What earlier links took is fixed for this one.
cp "$in/constraints" /tmp/constraints
for dir in /run/jetson/earlier/*; do
	[ -e "$dir/versions" ] || continue
	cat "$dir/versions" >>/tmp/constraints
done

# download ARGUMENT… runs pip with everything that is the same each time.
download() {
	while IFS= read -r flag; do
		set -- "$flag" "$@"
	done <<-END
		$(sed '1!G;h;$!d' "$out/flags")
	END
	first=--index-url
	while IFS= read -r index; do
		set -- "$first" "$index" "$@"
		first=--extra-index-url
	done <"$in/indexes"
	for dir in /run/jetson/earlier/*; do
		[ -d "$dir" ] && set -- --find-links "$dir" "$@"
	done
	if ! python3 -m pip download --no-input --disable-pip-version-check --no-color --progress-bar off --cache-dir /run/jetson/cache \
		--dest "$out" "$@" >/tmp/pip.log 2>&1; then
		grep -E 'ERROR|error|conflict' /tmp/pip.log | tail -n 30 >&2 || tail -n 30 /tmp/pip.log >&2
		[ ! -s "$in/exact" ] || die "what the lock holds cannot be had; jetson lock writes it anew"
		die "pip cannot get what this Python world needs for $MACHINE and Python $PYTHON"
	fi
}

# Wheels come first: pip gives up on a name that no index has before it looks
# at the files after it.
set --
for wheel in /run/jetson/local/*.whl /run/jetson/built/*/wheels/*.whl; do
	[ -e "$wheel" ] && set -- "$@" "$wheel"
done
if [ -s "$in/exact" ]; then
	[ $# -eq 0 ] || download --no-deps "$@"
	download --no-deps --require-hashes --requirement "$in/exact"
else
	while IFS= read -r requirement; do
		set -- "$@" "$requirement"
	done <"$in/wanted"
	[ $# -eq 0 ] || download --constraint /tmp/constraints "$@"
	set --
	while IFS= read -r requirement; do
		set -- "$@" "$requirement"
	done <"$in/nodeps"
	[ $# -eq 0 ] || download --no-deps --constraint /tmp/constraints "$@"
fi

# What an earlier link has is not installed twice, whichever file pip took for it.
cat /run/jetson/earlier/*/versions >/tmp/earlier 2>/dev/null || :
: >"$out/versions"
: >"$out/exact"
for wheel in "$out"/*.whl; do
	[ -e "$wheel" ] || continue
	is=$(printf '%s\n' "${wheel##*/}" | sed 's/^\([^-]*\)-\([^-]*\)-.*/\1==\2/')
	if grep -qixF -e "$is" /tmp/earlier; then
		rm -f "$wheel"
		continue
	fi
	printf '%s\n' "$is" >>"$out/versions"
	# Only an index can give another wheel tomorrow.
	for given in "/run/jetson/local/${wheel##*/}" /run/jetson/built/*/wheels/"${wheel##*/}"; do
		[ ! -e "$given" ] || continue 2
	done
	printf '%s --hash=sha256:%s\n' "$is" "$(sha256sum <"$wheel" | cut -d' ' -f1)" >>"$out/exact"
done
sort -o "$out/versions" "$out/versions"
sort -o "$out/exact" "$out/exact"
find "$out" -exec touch -h -d @0 {} +
say "$(find "$out" -name '*.whl' -exec stat -c %s {} + | awk '{n += $1} END {
	if (NR == 0) print "nothing to fetch: everything is there already"
	else printf "%d package%s, %.1f MB\n", NR, NR == 1 ? "" : "s", n / 1e6
}')"
