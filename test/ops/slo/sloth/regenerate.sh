#!/bin/sh
# Writes vectors/sloth-0.16.0 again, by Sloth built from the Go proxy:
#
#   sh test/ops/slo/sloth/regenerate.sh
set -eu
cd "$(dirname "$0")/vectors"
programs=$(mktemp -d)
trap 'rm -rf "$programs"' EXIT
GOBIN=$programs GOFLAGS=-mod=mod go install github.com/slok/sloth/cmd/sloth@v0.16.0
for file in *.yaml; do
  case $file in
    four-weeks.yaml) period=28d ;;
    *) period=30d ;;
  esac
  "$programs/sloth" generate --no-log --default-slo-period "$period" --input "$file" --out "sloth-0.16.0/$file"
done
