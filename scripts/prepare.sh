#!/usr/bin/env bash
# Makes sure that the programs a purpose wants are there: "prepare.sh run" for
# what the server starts, "prepare.sh tests" for what the tests start. As root on a
# Debian-like system missing ones are installed; elsewhere they are named, and
# what wants them says so when its time comes. With CI=true a missing one is a
# failure.
set -euo pipefail

# program to look for : Debian package that has it : what wants it
wanted=(
  "ansible-playbook:ansible-core:running playbooks"
  "git:git:repositories"
  "ssh:openssh-client:repositories over ssh"
  "python3:python3:running Python scripts"
)
case "${1:-}" in
  run) ;;
  tests)
    wanted+=(
      "chromium:chromium:tests in a browser"
      "sshd:openssh-server:tests that clone over ssh"
      "ssh-agent:openssh-client:tests that clone over ssh"
      "git-lfs:git-lfs:tests of large files in repositories"
      "openssl:openssl:tests of the forms of private keys"
      "postgres:postgresql:tests of the store on PostgreSQL"
      "mariadbd:mariadb-server:tests of the store on MariaDB"
      "gcc:gcc:the race detector"
      "libc6-dev:libc6-dev:the race detector"
    )
    ;;
  *) echo "usage: prepare.sh run|tests" >&2; exit 2 ;;
esac

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
  echo "Installing: ${packages[*]}"
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
