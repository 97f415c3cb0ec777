#!/usr/bin/env bash
# Runs Go tests. In CI every test is named as it runs; elsewhere there is one line
# per package, and the tests of packages that failed. GO_TEST_RACE=off leaves the
# race detector out, and so does a machine without a C compiler, aloud.
set -euo pipefail

flags=(-timeout 20m)
if [ "${CI:-}" = true ]; then
  flags+=(-v -count=1)
fi
if [ "${GO_TEST_RACE:-on}" != off ]; then
  if command -v "${CC:-gcc}" >/dev/null 2>&1; then
    export CGO_ENABLED=1
    # With the race detector come checks of pointers. In SQLite, which is C turned
    # into Go and uses memory of its own, they find nothing and take a third of the
    # time of every test that has a database. Races are looked for there as well.
    flags+=(-race -gcflags=modernc.org/sqlite/lib=-d=checkptr=0)
  elif [ "${CI:-}" = true ]; then
    echo "the race detector wants a C compiler" >&2
    exit 1
  else
    echo "SKIPPED: the race detector, which wants a C compiler" >&2
  fi
fi

exec go test "${flags[@]}" "$@"
