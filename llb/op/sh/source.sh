# Unpacks and patches a source.
#
#   /run/jetson/in       the download, or the tree to patch
#   /run/jetson/patches  patches, in the order of their names
#   /run/jetson/out      the result
#   NAME                 the download's file name; empty for a tree
#   STRIP                leading folders to drop
. /run/jetson/op/common.sh

out=/run/jetson/out
if [ -n "${NAME:-}" ]; then
	case $NAME in
	*.zip)
		mkdir /tmp/zip
		unzip -q "/run/jetson/in/$NAME" -d /tmp/zip
		from=/tmp/zip
		n=$STRIP
		while [ "$n" -gt 0 ]; do
			set -- "$from"/*
			[ $# -eq 1 ] && [ -d "$1" ] || die "$NAME has more than one folder at its top"
			from=$1
			n=$((n - 1))
		done
		cp -R "$from/." "$out"
		;;
	*) tar -x --no-same-owner --strip-components="$STRIP" -f "/run/jetson/in/$NAME" -C "$out" ;;
	esac
else
	cp -R /run/jetson/in/. "$out"
fi
if [ -d /run/jetson/patches ]; then
	for patch in /run/jetson/patches/*; do
		say "patch ${patch##*/}"
		patch -p1 -s -f --no-backup-if-mismatch -d "$out" <"$patch" || die "the patch ${patch##*/} does not apply"
	done
fi
