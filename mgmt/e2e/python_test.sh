#!/bin/sh
# Runs the Python test that its first argument names.
exec python3 -B "$@"
