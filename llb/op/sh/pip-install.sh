# Unpacks downloaded wheels into the prefix of a Python world. Runs on the build
# platform: a wheel is an archive, and nothing of it is run.
#
#   /run/jetson/debs   wheels, `versions`, `flags`
#   PREFIX, PYTHON     the world's
#   FIRST              whether this link makes the world
#   SYSTEM             whether the world sees the interpreter's own packages
. /run/jetson/op/common.sh

debs=/run/jetson/debs
lib=$PREFIX/lib/python$PYTHON/site-packages
mkdir -p "/out$lib"

if [ -n "${FIRST:-}" ]; then
	mkdir -p "/out$PREFIX/bin"
	cat >"/out$PREFIX/pyvenv.cfg" <<-END
		home = /usr/bin
		include-system-site-packages = ${SYSTEM:-false}
		version = $PYTHON
	END
	ln -s "/usr/bin/python$PYTHON" "/out$PREFIX/bin/python$PYTHON"
	ln -s "python$PYTHON" "/out$PREFIX/bin/python3"
	ln -s "python$PYTHON" "/out$PREFIX/bin/python"
fi

if [ -s "$debs/versions" ]; then
	set --
	while IFS= read -r word; do
		set -- "$@" "$word"
	done <"$debs/flags"
	while IFS= read -r requirement; do
		set -- "$@" "$requirement"
	done <"$debs/versions"
	# As a variable, since Ubuntu 22.04's pip knows no such option.
	export PYTHONDONTWRITEBYTECODE=1 PIP_ROOT_USER_ACTION=ignore
	quietly /tmp/pip.log python3 -m pip install --no-input --disable-pip-version-check --no-color --no-index --no-deps --no-compile \
		--no-cache-dir --find-links "$debs" --target "/out$lib" "$@"
	# A world is a prefix: programs and data lie beside lib, not in it.
	for dir in bin share etc include; do
		[ -d "/out$lib/$dir" ] || continue
		case $dir in
		bin) ;;
		*) # a package of that name is not data
			[ ! -e "/out$lib/$dir/__init__.py" ] || continue
			;;
		esac
		mkdir -p "/out$PREFIX/$dir"
		cp -R "/out$lib/$dir/." "/out$PREFIX/$dir/"
		rm -rf "/out${lib:?}/$dir"
	done
	if [ -d "/out$PREFIX/bin" ]; then
		find "/out$PREFIX/bin" -type f | while IFS= read -r program; do
			if head -c 64 "$program" | head -n 1 | grep -q '^#!.*python'; then
				sed "1s,.*,#!$PREFIX/bin/python3," "$program" >/tmp/program
				cat /tmp/program >"$program"
			fi
		done
	fi
fi
finish /out
say "$(grep -c . "$debs/versions" || :) packages in $PREFIX"
