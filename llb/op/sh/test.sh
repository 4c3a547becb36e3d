# Runs one test and holds what it prints against what is expected.
#
#   /run/jetson/expect   stdout.contains.N, stdout.excludes.N, stdout.matches.N,
#                        the same for stderr, exit, files
#   /run/jetson/script   the test's script, if it is one
#   /run/jetson/result   is written to if the test passes
#   TEST, TIMEOUT, WORKDIR
#   arguments            the environment, NAME=VALUE each; --; the command
. /run/jetson/op/common.sh

expect=/run/jetson/expect
work=/tmp/jetson-test
mkdir -p "$work"
limit=${TIMEOUT:-300}
limited=
if command -v timeout >/dev/null 2>&1; then
	limited=1
fi

# run has the test's command in the image's environment and in nothing of ours.
run() (
	unset TEST TIMEOUT WORKDIR LC_ALL TZ
	if [ -n "$limited" ]; then
		exec timeout -k 10 "$limit" /bin/sh -c "$given" given "$@"
	fi
	exec /bin/sh -c "$given" given "$@"
)
cd "${WORKDIR:-/}"
rc=0
begun=$(date +%s)
run "$@" >"$work/stdout" 2>"$work/stderr" </dev/null || rc=$?

bad=0
wrong() {
	bad=1
	printf 'jetson: error: test %s: %s\n' "$TEST" "$*" >>"$work/wrong"
}

want=$(cat "$expect/exit")
# What does not end when it is told to is killed: 137. Others end so too.
if [ "$rc" = 137 ] && [ $(($(date +%s) - begun)) -ge "$limit" ]; then
	rc=124
fi
if [ "$rc" = 124 ] && [ -n "$limited" ] && [ "$want" != 124 ]; then
	wrong "took more than $limit seconds"
elif [ "$rc" != "$want" ]; then
	wrong "exit status $rc, expected $want"
fi
for stream in stdout stderr; do
	text=$(cat "$work/$stream")
	for file in "$expect/$stream".contains.*; do
		[ -e "$file" ] || continue
		part=$(cat "$file")
		case $text in
		*"$part"*) ;;
		*) wrong "$stream does not contain: $part" ;;
		esac
	done
	for file in "$expect/$stream".excludes.*; do
		[ -e "$file" ] || continue
		part=$(cat "$file")
		case $text in
		*"$part"*) wrong "$stream contains: $part" ;;
		esac
	done
	for file in "$expect/$stream".matches.*; do
		[ -e "$file" ] || continue
		grep -qE -f "$file" "$work/$stream" || wrong "$stream does not match: $(cat "$file")"
	done
done
for file in "$expect"/file.*.path; do
	[ -e "$file" ] || continue
	path=$(cat "$file")
	if [ -e "${file%.path}.absent" ]; then
		[ ! -e "$path" ] || wrong "$path exists"
		continue
	fi
	if [ ! -e "$path" ]; then
		wrong "$path does not exist"
		continue
	fi
	for content in "${file%.path}".contains.*; do
		[ -e "$content" ] || continue
		part=$(cat "$content")
		case $(cat "$path") in
		*"$part"*) ;;
		*) wrong "$path does not contain: $part" ;;
		esac
	done
done

if [ "$bad" != 0 ]; then
	for stream in stdout stderr; do
		if [ -s "$work/$stream" ]; then
			printf -- '---- %s ----\n' "$stream" >&2
			tail -n 40 "$work/$stream" >&2
		fi
	done
	# Last, so that it is what a display with little room shows.
	cat "$work/wrong" >&2
	exit 1
fi
head -n 20 "$work/stdout"
printf 'passed\n' >/run/jetson/result/"$(printf '%s' "$TEST" | tr '/' '_')"
rm -rf "$work"
