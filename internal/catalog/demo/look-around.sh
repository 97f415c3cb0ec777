#!/usr/bin/env bash
# Prints what a script run by Signalbox sees.
set -euo pipefail

printf '\033[1;34m%s\033[0m\n' "Hello from ${DEMO_PLACE:-somewhere}"
echo "Today is $(date -u +%Y-%m-%d), and I work in $(pwd)"
echo "I was given $# argument(s):"
for argument in "$@"; do
  echo "  - $argument"
done
for step in 1 2 3; do
  printf '\033[32mstep %s done\033[0m\n' "$step"
  sleep 0.2
done
