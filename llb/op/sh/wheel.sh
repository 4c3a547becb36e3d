# Builds a wheel from source.
#
#   COMPONENT, STEP, SOURCE
#   BACKEND            pep517 or setup.py
#   PYTHON             the interpreter's version
#   /run/jetson/debs   the requirements of its build, as wheels
#   /out/wheels        the result
#   arguments          the environment of the build, NAME=VALUE each
. /run/jetson/op/common.sh

python=/usr/bin/python$PYTHON
[ -x "$python" ] || die "there is no $python to build with"
export PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
export MAX_JOBS CMAKE_BUILD_PARALLEL_LEVEL
MAX_JOBS=$(jobs)
CMAKE_BUILD_PARALLEL_LEVEL=$MAX_JOBS
if command -v ccache >/dev/null 2>&1; then
	ccache_setup
	export CC="ccache gcc" CXX="ccache g++" CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi

# tools installs what the build requires.
tools() {
	set --
	while IFS= read -r requirement; do
		set -- "$@" "$requirement"
	done </run/jetson/debs/versions
	quietly /tmp/tools.log "$python" -m pip install --no-index --no-deps --no-cache-dir --find-links /run/jetson/debs --target /tmp/tools "$@"
	export PYTHONPATH=/tmp/tools PATH="/tmp/tools/bin:$PATH"
}
[ ! -s /run/jetson/debs/versions ] || tools

# build NAME=VALUE… -- COMMAND… runs what makes the wheel.
build() (
	unset COMPONENT STEP SOURCE BACKEND PYTHON JOB_MEMORY
	exec /bin/sh -c "$given" given "$@"
)
mkdir -p /out/wheels
cp -R "$SOURCE" /tmp/wheel-source
cd /tmp/wheel-source
say "build with $MAX_JOBS jobs"
case $BACKEND in
setup.py) quietly /tmp/wheel.log build "$@" -- "$python" setup.py -q bdist_wheel --dist-dir /out/wheels ;;
*) quietly /tmp/wheel.log build "$@" -- "$python" -m pip wheel --no-index --no-deps --no-build-isolation --no-cache-dir --wheel-dir /out/wheels . ;;
esac
ccache_report
set -- /out/wheels/*.whl
[ -e "$1" ] || die "no wheel was built"
say "built ${1##*/}"
settle /out
