# Extracts fetched packages into a sysroot. No maintainer script runs, so that
# no emulator is needed; headers, libraries and CMake files are all it takes.
#
#   /run/jetson/debs    the package files
#   /run/jetson/target  the sysroot, a root of the target's architecture
. /run/jetson/op/common.sh

root=/run/jetson/target
mark=/tmp/jetson-mark
touch "$mark"
for deb in /run/jetson/debs/*.deb /run/jetson/debs/unpack/*.deb; do
	[ -e "$deb" ] || continue
	dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$root" \
		--exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' \
		--exclude='./usr/share/icons/*' --exclude='./usr/share/info/*' --exclude='./usr/share/lintian/*'
done
# dpkg did not unpack, but who asks what is here must hear the truth.
awk '/^(Filename|Size|SHA256): / {next}
	/^$/ {print "Status: install ok installed"}
	{print}' /run/jetson/debs/Packages >>"$root/var/lib/dpkg/status"

# Absolute links would lead out of the sysroot: make them relative.
find "$root/lib" "$root/usr" "$root/etc/alternatives" "$root/opt" -type l -lname '/*' -printf '%p\n%l\n' 2>/dev/null | while IFS= read -r link && IFS= read -r target; do
	at=${link#"$root"/}
	up=
	while :; do
		case $at in
		*/*)
			up=../$up
			at=${at#*/}
			;;
		*) break ;;
		esac
	done
	ln -sfn -- "$up${target#/}" "$link"
done
find "$root" -xdev -newer "$mark" -exec touch -h -d "@${SOURCE_DATE_EPOCH:-0}" {} +
rm -f "$mark"
