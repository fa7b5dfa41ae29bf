#!/bin/sh
# tls_world.sh - certificates of a day, and an HTTPS server for each case, for test_http_tls.
#
#   tls_world.sh DIR      writes DIR/*.pem and *.key and runs the servers until standard
#                         input ends; DIR/ports then holds lines "case port"
#
# Two authorities, ca and other; certificates of ca for 127.0.0.1 (good), for another host
# (wrong), of a day that is over (old), and a client's (client). A server of the case mtls
# asks for a client's certificate.
set -eu
dir=${1:?usage: tls_world.sh DIR}
here=$(cd "$(dirname "$0")" && pwd)
cd "$dir"
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
authority() { # NAME
	key "$1"
	openssl req -x509 -new -key "$1.key" -days 2 -subj "/CN=$1" -out "$1.pem"
}
leaf() { # NAME SUBJECT-ALT-NAME OPTIONS-OF-ca
	name=$1
	key "$name"
	openssl req -new -key "$name.key" -subj "/CN=$name" -out "$name.csr"
	printf 'subjectAltName=%s\n' "$2" >"$name.ext"
	shift 2
	openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial \
	    -extfile "$name.ext" -out "$name.pem" "$@"
}
{
	authority ca
	authority other
	leaf good IP:127.0.0.1 -days 2
	leaf wrong DNS:elsewhere.example -days 2
	leaf client DNS:client -days 2
	# x509 -req counts from now on: of a day that is over only `ca` makes one.
	key old
	openssl req -new -key old.key -subj /CN=old -out old.csr
	: >index.txt
	printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nserial=ca.srl\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\nx509_extensions=x\n[p]\ncommonName=supplied\n[x]\nsubjectAltName=IP:127.0.0.1\n' >ca.conf
	openssl ca -batch -config ca.conf -cert ca.pem -keyfile ca.key -in old.csr -out old.pem \
	    -notext -startdate 20200101000000Z -enddate 20200102000000Z
} >log 2>&1 || {
	cat log >&2
	exit 1
}
exec node "$here/tls_server.mjs"
