#!/bin/sh
# Runs the Python test that its first argument names, by the distribution's Python, which has python3-grpcio.
exec /usr/bin/python3 -B "$@"
