#!/bin/sh
# deps.sh - sees to it that the Debian packages named are installed.
#
#   deps.sh [--dry-run] PACKAGE...
#
# One dpkg-query when nothing is missing, and then no network and no rights are needed.
# Otherwise apt-get installs the missing ones, as root or through sudo, and asks nothing.
# "nodejs" and "npm" count as present when their commands are there, because Node.js
# often comes from elsewhere than Debian. STW_DEPS=skip trusts the caller.
#
# Exit: 0 all there, 1 could not install (the message says what to type).
set -eu

dry=no
if [ "${1:-}" = --dry-run ]; then
	dry=yes
	shift
fi
[ "${STW_DEPS:-}" != skip ] || exit 0

if ! command -v dpkg-query >/dev/null 2>&1; then
	echo "deps: no dpkg here; please see to what corresponds to: $*" >&2
	exit 0
fi

# ---- what is missing -----------------------------------------------------------
# A virtual or renamed package is not reported as installed under the name asked for, so
# the lists in the Makefile use the real names of Debian 12.
have=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "$@" 2>/dev/null |
    sed -n 's/^ii *//p') || :
missing=
for package in "$@"; do
	case "
$have
" in
	*"
$package
"*) continue ;;
	esac
	case $package in
	nodejs) ! command -v node >/dev/null 2>&1 || continue ;;
	npm) ! command -v npm >/dev/null 2>&1 || continue ;;
	esac
	missing="$missing $package"
done
[ -n "$missing" ] || exit 0

# Splitting $missing into words is wanted.
# shellcheck disable=SC2086
set -- $missing
echo "deps: missing:$missing"
[ "$dry" = no ] || exit 1

# ---- who may install -------------------------------------------------------------
need_root() {
	{
		echo "deps: $1"
		echo "deps: as root, type:  apt-get update && apt-get install -y" \
		    "--no-install-recommends$missing"
	} >&2
	exit 1
}

if [ "$(id -u)" -eq 0 ]; then
	as_root=
elif ! command -v sudo >/dev/null 2>&1; then
	need_root "you are not root and there is no sudo."
elif sudo -n true 2>/dev/null; then
	as_root="sudo -n"
elif [ -t 0 ] && [ -t 2 ]; then
	echo "deps: sudo may ask for your password."
	as_root=sudo
else
	need_root "sudo wants a password and there is no terminal to ask on."
fi

# ---- installing -------------------------------------------------------------------
log=$(mktemp)
trap 'rm -f "$log" "$log.rc"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

apt() {
	# shellcheck disable=SC2086
	$as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get \
	    -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@"
}

# apt's status lines are "dlstatus:n:percent:text" and "pmstatus:package:percent:text":
# each tenth becomes a line.
progress() {
	awk -F: '
		$1 != "dlstatus" && $1 != "pmstatus" {
			if ($1 != "pmerror" && $1 != "media-change") print
			next
		}
		{
			what = $1 == "dlstatus" ? "downloading" : "installing"
			tenth = int($3 / 10)
			if (what == was && tenth == last) next
			was = what; last = tenth
			printf "deps: %s %d %%\n", what, tenth * 10
			fflush()
		}'
}

# The status comes through a pipe of its own: apt makes it non-blocking, which would
# break the packages' scripts if they wrote to it too. sudo closes all but 0, 1 and 2,
# so the pipe travels as standard error and becomes 3 behind sudo.
install() {
	echo 1 >"$log.rc"
	{
		# shellcheck disable=SC2086,SC2016
		if $as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
		    sh -c 'exec 3>&2 2>&1; exec apt-get "$@"' apt-get \
		    -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 \
		    install -y -q --no-install-recommends -o APT::Status-Fd=3 "$@" \
		    2>&1 >"$log" </dev/null; then
			echo 0 >"$log.rc"
		fi
	} | progress
	[ "$(cat "$log.rc")" = 0 ]
}

update() {
	echo "deps: reading the package lists"
	apt update -q >"$log" 2>&1 </dev/null
}

give_up() {
	tail -n 60 "$log" >&2
	echo "deps: apt-get could not $1" >&2
	exit 1
}

# The lists are only read when they are absent or too old to install from.
fresh=no
if ! apt install -y -q --no-install-recommends --simulate "$@" >"$log" 2>&1 </dev/null; then
	update || give_up "read the package lists"
	fresh=yes
fi
if ! install "$@"; then
	[ "$fresh" = no ] || give_up "install:$missing"
	update || give_up "read the package lists"
	install "$@" || give_up "install:$missing"
fi
echo "deps: installed $# packages"
