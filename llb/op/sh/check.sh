# Holds a finished root against what makes it coherent. Runs on the build
# platform; the root is only read.
#
#   /run/jetson/root      the root
#   /run/jetson/families  library stems of which one process may load one only
. /run/jetson/op/common.sh

root=/run/jetson/root
bad=0

# merged gives paths as the root has them: where /lib is a link to /usr/lib, a
# package that lists a file below /lib means the one below /usr/lib.
merged() {
	set -- -e ''
	for name in bin sbin lib lib32 lib64 libx32; do
		[ ! -h "$root/$name" ] || set -- "$@" -e "s,^/$name/,/usr/$name/,"
	done
	sed "$@"
}

# A file that apt owns must not be hidden by a component's.
lists=$root/usr/share/jetson/files
if [ -d "$lists" ] && [ -d "$root/var/lib/dpkg/info" ]; then
	cat "$lists"/*/* | merged | sort -u >/tmp/ours
	cat "$root"/var/lib/dpkg/info/*.list | merged | sort -u >/tmp/theirs
	comm -12 /tmp/ours /tmp/theirs >/tmp/both
	if [ -s /tmp/both ]; then
		bad=1
		while IFS= read -r path; do
			package=$(grep -lxF -e "$path" -e "${path#/usr}" "$root"/var/lib/dpkg/info/*.list | head -n 1)
			package=${package##*/}
			component=$(grep -lxF -e "$path" -e "${path#/usr}" "$lists"/*/* | head -n 1)
			component=${component#"$lists"/}
			printf 'jetson: error: %s is installed by %s and by the Debian package %s\n' "$path" "${component%%/*}" "${package%.list}" >&2
		done </tmp/both
	fi
fi

# Every program and library, with what it needs, from readelf. A process may
# not load two libraries of one family, nor one library from two places.
if [ -s /run/jetson/families ]; then
	find "$root" -xdev \( -path "$root/proc" -o -path "$root/sys" \) -prune -o \
		-type f \( -name '*.so' -o -name '*.so.*' -o -perm -100 \) -print0 |
		xargs -0 readelf -d /dev/null 2>/dev/null >/tmp/elf || : # of one file alone it does not print the name
	awk -v root="$root" '
		FNR == NR {families[++nf] = $0; next}
		/^File: / {file = substr($0, 7); sub("^" root, "", file); next}
		/\(NEEDED\)/ {needs[file] = needs[file] " " bracket($0); next}
		/\(SONAME\)/ {add(bracket($0), file); soname[file] = bracket($0)}
		function bracket(s) {sub(/^[^[]*\[/, "", s); sub(/\].*$/, "", s); return s}
		function add(name, path) {paths[name] = paths[name] " " path; count[name]++}
		function family(name,   i, rest) {
			for (i = 1; i <= nf; i++)
				if (index(name, families[i]) == 1) {
					rest = substr(name, length(families[i]) + 1)
					if (rest ~ /^[-._0-9]*\.so/) return families[i]
				}
			return ""
		}
		# walk goes through all that one file loads and keeps, for each family,
		# the first member and how it was reached.
		function walk(start,   queue, n, i, j, k, parts, ps, cur, f, via) {
			split("", seen); split("", member); split("", how)
			queue[n = 1] = start; via[1] = start; seen[start] = 1
			for (i = 1; i <= n; i++) {
				cur = queue[i]
				f = soname[cur] == "" ? "" : family(soname[cur])
				if (f != "") {
					if ((f in member) && member[f] != cur) {
						clash(start, f, member[f], how[f], cur, via[i])
						return
					}
					member[f] = cur; how[f] = via[i]
				}
				k = split(needs[cur], parts, " ")
				for (j = 1; j <= k; j++) {
					m = split(paths[parts[j]], ps, " ")
					if (family(parts[j]) == "") m = m > 1 ? 1 : m
					for (p = 1; p <= m; p++) if (!(ps[p] in seen)) {
						seen[ps[p]] = 1; queue[++n] = ps[p]; via[n] = via[i] " → " ps[p]
					}
				}
			}
		}
		function clash(start, f, a, howa, b, howb,   pair) {
			pair = a SUBSEP b
			bad = 1
			if (pair in told) return
			told[pair] = 1
			print "jetson: error: one process would load two of " f ":"
			print "  " howa
			print "  " howb
		}
		END {
			for (file in needs) order[++no] = file
			for (i = 2; i <= no; i++) {
				v = order[i]
				for (j = i - 1; j > 0 && order[j] > v; j--) order[j + 1] = order[j]
				order[j + 1] = v
			}
			for (i = 1; i <= no; i++) walk(order[i])
			exit bad
		}' /run/jetson/families /tmp/elf >&2 || bad=1
fi
[ "$bad" = 0 ] || die "this image is not coherent"

# What each component's tree adds to the image: its files, a hard link counted
# once.
if [ -d "$lists" ] && command -v xargs >/dev/null && command -v stat >/dev/null; then
	cd "$root"
	for component in usr/share/jetson/files/*; do
		bytes=$(cat "$component"/* | cut -c2- | tr '\n' '\0' | xargs -0 stat -c '%d:%i %s' 2>/dev/null | sort -u | {
			sum=0
			while read -r _ size; do
				sum=$((sum + size))
			done
			echo "$sum"
		})
		say "${component##*/} adds $bytes bytes"
	done
fi
printf 'passed\n' >/run/jetson/result/coherent
