#!/usr/bin/env bash
# Makes sure that the programs the tests want are there. As root on a Debian-like
# system missing ones are installed; elsewhere they are named, and the tests that
# want them say that they are skipped. With CI=true a missing one is a failure.
set -euo pipefail

# program to look for : Debian package that has it : what wants it
wanted=(
  "ansible-playbook:ansible-core:tests that run playbooks"
  "chromium:chromium:tests in a browser"
  "sshd:openssh-server:tests that clone over ssh"
  "ssh-agent:openssh-client:tests that clone over ssh"
  "git:git:tests with repositories"
  "python3:python3:tests that run Python scripts"
  "postgres:postgresql:tests of the store on PostgreSQL"
  "mariadbd:mariadb-server:tests of the store on MariaDB"
  "gcc:gcc:the race detector"
  "libc6-dev:libc6-dev:the race detector"
)

# Servers live in sbin, which is not on everybody's PATH, and PostgreSQL in
# directories by version.
PATH="$PATH:/usr/sbin:/sbin"
for dir in /usr/lib/postgresql/*/bin; do PATH="$PATH:$dir"; done

have() {
  case "$1" in
    # A library: the headers are what the compiler looks for.
    libc6-dev) echo '#include <stdlib.h>' | gcc -E - >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
  esac
}

missing_packages() {
  local entry program package
  for entry in "${wanted[@]}"; do
    IFS=: read -r program package _ <<<"$entry"
    have "$program" || echo "$package"
  done | sort -u
}

mapfile -t packages < <(missing_packages)
if [ "${#packages[@]}" -eq 0 ]; then
  exit 0
fi

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing for the tests: ${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # Installing must not start services: the tests start what they want themselves.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  # Missing programs are reported below, whatever went wrong here.
  apt-get update -q </dev/null || true
  apt-get install -y -q --no-install-recommends "${packages[@]}" </dev/null || true
  hash -r
fi

failed=0
for entry in "${wanted[@]}"; do
  IFS=: read -r program package purpose <<<"$entry"
  if ! have "$program"; then
    echo "MISSING: $program (Debian package $package), wanted by $purpose" >&2
    failed=1
  fi
done
if [ "$failed" -ne 0 ] && [ "${CI:-}" = true ]; then
  echo "With CI=true nothing may be missing." >&2
  exit 1
fi
