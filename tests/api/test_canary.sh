#!/bin/bash
# test_canary.sh - no known name, number or identity number comes out anywhere: a few
# customers. `make check-canary` does it with ten thousand.
set -euo pipefail
cd "$(dirname "$0")/../.."
dir=$(mktemp -d /tmp/stw-canary-XXXXXX)
chmod 711 "$dir"
trap 'rm -rf "$dir"' EXIT
bash tests/api/canary.sh --customers 60 "$dir"
