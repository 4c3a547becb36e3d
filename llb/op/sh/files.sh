# Puts files in place. The instructions are triples of arguments:
#   put TO FROM MODE     a file or tree; MODE may be -
#   link TO TARGET -
#   dir TO - MODE
. /run/jetson/op/common.sh

skeleton /out /
while [ $# -ge 4 ]; do
	to=/out$2
	mkdir -p "${to%/*}"
	case $1 in
	put)
		if [ -d "$3" ]; then
			mkdir -p "$to"
			cp -R "$3/." "$to"
		else
			cp -R "$3" "$to"
		fi
		[ "$4" = - ] || chmod "$4" "$to"
		;;
	link) ln -sfn -- "$3" "$to" ;;
	dir)
		mkdir -p "$to"
		[ "$4" = - ] || chmod "$4" "$to"
		;;
	*) die "no instruction $1" ;;
	esac
	shift 4
done
finish /out
