# The last step of a root: it must be one whole. Runs on the target platform,
# because only its own ldconfig knows its libraries.
. /run/jetson/op/common.sh

lists=/usr/share/jetson/files
if [ -d "$lists" ]; then
	for component in "$lists"/*; do
		cat "$component"/* | sort -u
	done | sort | uniq -d >/tmp/jetson-twice
	if [ -s /tmp/jetson-twice ]; then
		while IFS= read -r path; do
			owners=
			for component in "$lists"/*; do
				if cat "$component"/* | grep -qxF -e "$path"; then
					owners="$owners ${component##*/}"
				fi
			done
			printf 'jetson: error: %s is installed by more than one component:%s\n' "$path" "$owners" >&2
		done </tmp/jetson-twice
		exit 1
	fi
	rm -f /tmp/jetson-twice
fi
if command -v ldconfig >/dev/null 2>&1; then
	ldconfig
	rm -f /var/cache/ldconfig/aux-cache
	touch -h -d "@${SOURCE_DATE_EPOCH:-0}" /etc/ld.so.cache /etc /var/cache/ldconfig 2>/dev/null || :
fi
