#!/bin/sh
# Bazel wants protoc to be a label; the distribution's compiler is a program on the PATH.
exec /usr/bin/protoc "$@"
