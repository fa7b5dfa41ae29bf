#!/bin/bash
# test_overload.sh - the short form of tests/soak/overload.mjs, for every check.
cd "$(dirname "$0")/../.." || exit 1
STW_TEST_ROOT=$PWD exec node tests/soak/overload.mjs
