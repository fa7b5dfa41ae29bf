#!/bin/bash
# bare.sh - proves the two commands on a bare Debian 12: a fresh root with only git, make,
# sudo and ca-certificates, and a fresh clone of HEAD.
#
#   bare.sh [--as root|user] [--keep] [COMMAND...]
#
# Without COMMAND: make demo ONCE=1 twice, make demo-clean, the Berka demo when ../shared
# is there, and make check. Without --as: first as root, then as a user with sudo. COMMAND
# runs in the clone's directory by sh -c.
#
# Needs root, debootstrap, a few GB in BARE_DIR (/tmp/bare) and some minutes; it is no
# part of `make check`. The host's apt settings are copied into the new root, so that the
# same mirror is used; the base system and downloaded packages are kept in BARE_DIR for
# the next run. Mounts and processes live in a namespace of their own and end with it.
# Environment: BARE_DIR, BARE_SHARED (a directory to lie beside the clone as shared).
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && git rev-parse --show-toplevel)
work=${BARE_DIR:-/tmp/bare}
shared=${BARE_SHARED:-$top/../shared}
users="root user"
keep=no
while [ $# -gt 0 ]; do
	case $1 in
	--as) users=$2 && shift 2 ;;
	--keep) keep=yes && shift ;;
	*) break ;;
	esac
done
if [ "$(id -u)" -ne 0 ] || ! command -v debootstrap >/dev/null; then
	echo "bare.sh: needs root and debootstrap" >&2
	exit 2
fi
mkdir -p "$work/debs/partial"

# ---- the base system, once --------------------------------------------------------
if [ ! -f "$work/base.tar" ]; then
	echo "bare.sh: making the base system"
	rm -rf "$work/base"
	debootstrap --variant=minbase --include=git,make,ca-certificates,sudo bookworm \
	    "$work/base" >"$work/debootstrap.log" 2>&1 || {
		tail "$work/debootstrap.log" >&2
		exit 1
	}
	tar -C "$work/base" -cf "$work/base.tar.new" .
	mv "$work/base.tar.new" "$work/base.tar"
	rm -rf "$work/base"
fi

# ---- one root per user --------------------------------------------------------------
make_root() { # WHO
	root=$work/root.$1
	rm -rf --one-file-system "$root"
	mkdir -p "$root"
	tar -C "$root" -xf "$work/base.tar"
	rm -rf "$root"/var/lib/apt/lists/* "$root"/etc/apt/sources.list
	for part in sources.list sources.list.d apt.conf apt.conf.d auth.conf.d trusted.gpg \
	    trusted.gpg.d keyrings; do
		[ ! -e "/etc/apt/$part" ] || cp -a "/etc/apt/$part" "$root/etc/apt/"
	done
	# What cleans caches or needs programs that a bare system lacks.
	rm -f "$root"/etc/apt/apt.conf.d/docker-* "$root"/etc/apt/apt.conf.d/20packagekit \
	    "$root"/etc/apt/apt.conf.d/50appstream "$root"/etc/apt/apt.conf.d/20apt-show*
	cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
	cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
	# Packages shall not start services here.
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"

	if [ "$1" = root ]; then
		home=/root
	else
		home=/home/tester
		chroot "$root" useradd -m -s /bin/bash tester
		echo 'tester ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/tester"
	fi
	git clone -q --no-local "$top" "$root$home/steward"
	[ ! -d "$shared" ] || cp -a "$shared" "$root$home/shared"
	[ "$1" = root ] || chroot "$root" chown -R tester: "$home"
}

run_in() { # WHO COMMAND
	echo "== as $1: $2"
	local begun=$SECONDS rc=0
	# shellcheck disable=SC2016
	unshare --mount --pid --fork --kill-child bash -c '
		set -e
		root=$1 who=$2 home=$3 command=$4 debs=$5
		mount --make-rprivate /
		mount -t proc proc "$root/proc"
		mount -t sysfs -o ro sysfs "$root/sys"
		mount --rbind /dev "$root/dev"
		mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
		mount --bind "$debs" "$root/var/cache/apt/archives"
		user=root
		[ "$who" = root ] || user=tester
		exec chroot "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		    HOME="$home" USER="$user" LANG=C.UTF-8 NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
		    setpriv --reuid="$user" --regid="$user" --init-groups \
		    sh -c "cd ~/steward && $command" </dev/null
	' bare "$root" "$1" "$home" "$2" "$work/debs" || rc=$?
	echo "== as $1: exit $rc after $((SECONDS - begun)) s: $2"
	return $rc
}

failed=0
for who in $users; do
	make_root "$who"
	if [ $# -gt 0 ]; then
		run_in "$who" "$*" || failed=1
	else
		run_in "$who" "make demo ONCE=1" || failed=1
		run_in "$who" "make demo ONCE=1" || failed=1
		if [ -d "$shared/data/berka" ]; then
			run_in "$who" "make demo ONCE=1 DATA=../shared/data/berka" || failed=1
		fi
		run_in "$who" "make demo-clean" || failed=1
		run_in "$who" "make check" || failed=1
	fi
	[ "$keep" = yes ] || rm -rf --one-file-system "$work/root.$who"
done
[ $failed -eq 0 ] && echo "bare.sh: all well"
exit $failed
