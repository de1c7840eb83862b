#!/bin/sh
# Installs the real zerorpc peers that the live tests talk to: Python's into
# interop/.venv and Node's into interop/node/node_modules. Safe to run again:
# what is installed already is left alone, and then no network is needed.
#
#   interop/setup.sh [python|node|all] [--force]
set -eu

case $0 in */*) here=${0%/*} ;; *) here=. ;; esac
here=$(CDPATH= cd -- "$here" && pwd)
what=all
force=no
for arg in "$@"; do
	case $arg in
	python | node | all) what=$arg ;;
	--force) force=yes ;;
	*)
		echo "usage: $0 [python|node|all] [--force]" >&2
		exit 2
		;;
	esac
done

fail() {
	echo "interop/setup.sh: $*" >&2
	exit 1
}

# One set-up at a time: two test runs may start together.
if command -v flock >/dev/null 2>&1 && [ -z "${INTEROP_SETUP_LOCKED:-}" ]; then
	INTEROP_SETUP_LOCKED=1 exec flock "$here/.setup.lock" sh "$0" "$@"
fi

# is_done STAMP WANTED: whether the stamp, written last, is of this very state.
is_done() {
	[ "$force" = no ] && [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]
}

setup_python() {
	command -v python3 >/dev/null 2>&1 ||
		fail "python3 is missing: install Python 3.8 or newer with its venv module (Debian: apt-get install python3 python3-venv)"
	want=$(python3 --version; cksum <"$here/python/requirements.txt")
	venv=$here/.venv
	if is_done "$venv/.done" "$want" && [ -x "$venv/bin/python" ]; then
		echo "python peers: installed"
		return
	fi
	rm -rf "$venv"
	python3 -m venv "$venv" ||
		fail "python3 -m venv failed: its venv module is missing (Debian: apt-get install python3-venv)"
	"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$here/python/requirements.txt" ||
		fail "pip could not install $here/python/requirements.txt: is a package index within reach?"
	"$venv/bin/python" -c 'import zerorpc' ||
		fail "zerorpc is installed in $venv but cannot be imported"
	printf '%s\n' "$want" >"$venv/.done"
	echo "python peers: installed now"
}

setup_node() {
	command -v node >/dev/null 2>&1 || fail "node is missing: install Node.js 18 or newer (Debian: apt-get install nodejs npm)"
	command -v npm >/dev/null 2>&1 || fail "npm is missing: it comes with Node.js (Debian: apt-get install npm)"
	want=$(node --version; cat "$here/node/package-lock.json" "$here/node/shim/index.js" | cksum)
	modules=$here/node/node_modules
	if is_done "$modules/.done" "$want"; then
		echo "node peers: installed"
		return
	fi
	# No install scripts: zeromq 6 ships its binaries, its script would build them anew.
	(cd "$here/node" && npm ci --ignore-scripts --loglevel=error >/dev/null) ||
		fail "npm could not install $here/node/package-lock.json: is a package registry within reach?"
	(cd "$here/node" && node -e 'require("zerorpc"); process.exit(0)') ||
		fail "zerorpc is installed in $modules but cannot be loaded"
	printf '%s\n' "$want" >"$modules/.done"
	echo "node peers: installed now"
}

case $what in
python) setup_python ;;
node) setup_node ;;
all)
	setup_python
	setup_node
	;;
esac
