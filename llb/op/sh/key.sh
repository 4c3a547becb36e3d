# Holds the keys of archives to their fingerprints: a file may be another one
# tomorrow, the key in it may not. There is no gpg on a base image.
#
#   /run/jetson/keys               NAME.asc, armored or not
#   /run/jetson/apt/fingerprints   lines: NAME FINGERPRINT
. /run/jetson/op/common.sh

wanted=/run/jetson/apt/fingerprints
[ -s "$wanted" ] || exit 0

# packets FILE ARCHIVE writes the packets of a key file to /tmp/jetson-key. Of
# two keys in one file apt might read the other: that it has two in any form is
# an error.
packets() {
	[ "$(wc -c <"$1")" -le 1048576 ] || die "the key of $2 is larger than a key is"
	blocks=$(grep -a -c -e '-----BEGIN' "$1" || :)
	case $(od -An -v -tu1 -N1 "$1" | tr -d ' ')/$blocks in
	1[3-9]?/0 | 12[89]/0 | 2??/0) cat "$1" ;;
	*/1)
		tr -d '\r' <"$1" | awk '
			/^-----BEGIN PGP PUBLIC KEY BLOCK-----$/ {head = 1; next}
			/^-----END/ {exit}
			head && /^$/ {head = 0; body = 1; next}
			body && !/^=/' | base64 -d 2>/dev/null || die "the key of $2 cannot be read"
		;;
	*) die "the key of $2 is not one OpenPGP key" ;;
	esac >/tmp/jetson-key
}

# primary says where the one primary key of /tmp/jetson-key lies: at which byte,
# and how many. Packets that may hold others are not part of a key.
primary() {
	od -An -v -tu1 /tmp/jetson-key | awk '
		{for (i = 1; i <= NF; i++) b[n++] = $i}
		END {
			while (at < n) {
				h = b[at++]
				l = b[at]
				if (h >= 192) {
					tag = h - 192
					if (l < 192) {size = l; at++}
					else if (l < 224) {size = (l - 192) * 256 + b[at + 1] + 192; at += 2}
					else if (l == 255) {at++; size = number(4)}
					else exit 1
				} else if (h >= 128) {
					tag = int((h - 128) / 4)
					if (h % 4 == 3) exit 1
					size = number(2 ^ (h % 4))
				} else exit 1
				if (at + size > n) exit 1
				if (tag == 6) {keys++; found = at; long = size}
				else if (tag != 2 && tag != 12 && tag != 13 && tag != 14 && tag != 17) exit 1
				if (keys == 0) exit 1
				at += size
			}
			if (keys != 1 || b[found] != 4 || long > 65535) exit 1
			print found, long
		}
		function number(bytes,   v) {
			for (v = 0; bytes > 0; bytes--) v = v * 256 + b[at++]
			return v
		}'
}

# fingerprint AT LONG is that of a key of version 4 (RFC 4880, 12.2).
fingerprint() {
	{
		printf '\231'
		printf "\\$(printf %03o $(($2 / 256)))\\$(printf %03o $(($2 % 256)))"
		tail -c "+$(($1 + 1))" /tmp/jetson-key | head -c "$2"
	} | sha1sum | cut -d' ' -f1 | tr a-f A-F
}

while read -r archive want; do
	packets "/run/jetson/keys/$archive.asc" "$archive"
	where=$(primary) || die "the key of $archive is not one OpenPGP key"
	# Two numbers.
	# shellcheck disable=SC2086
	is=$(fingerprint $where)
	[ "$is" = "$want" ] || die "the key of $archive has the fingerprint $is; $want is what is trusted"
done <"$wanted"
rm -f /tmp/jetson-key
