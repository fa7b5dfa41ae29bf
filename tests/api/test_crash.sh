#!/bin/bash
# test_crash.sh - the short form of crash.sh, for every check.
exec bash "$(dirname "$0")/crash.sh" --customers 800 --kills 6
