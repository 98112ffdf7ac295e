#!/usr/bin/env bash
# Builds and runs the image by the Dockerfile and compose.yaml without a Docker engine, in Linux namespaces over this machine's
# own root, and checks what an operator relies on (scripts/container/check.js). Wants Linux, root, and `npm ci` done before.
# NODE24, if set, is the folder of the `node` to run in the containers; else the one in PATH is taken.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly LIMIT_S=420
readonly LINTER=dockerfile-utils@0.16.3

# Process 1 of the namespaces: mounts and processes that are left end with it.
if [[ ${1-} == --inside ]]; then
  mount -t tmpfs -o mode=0755 tmpfs "$2"
  node scripts/container/build.js "$2" "$3"
  # Building wants the registry. The containers get a network of their own: they reach only each other, on the very ports of compose.yaml.
  unshare --net node scripts/container/check.js "$2"
  exit
fi

fail () { printf 'container: %s\n' "$1" >&2; exit 1; }
[[ $(uname -s) == Linux && $(id -u) == 0 ]] || fail 'wants Linux and root; with a Docker engine use docker build and docker compose instead'
for tool in unshare setpriv chroot mount ip node npm; do
  command -v "$tool" >/dev/null || fail "wants $tool"
done
[[ -d node_modules/yaml ]] || fail 'wants npm ci to be done before'

node_path=$(PATH="${NODE24:+$NODE24:}$PATH" node -p process.execPath)
printf 'container: Node.js %s in the place of the base image\n' "$("$node_path" --version)"
npm exec --yes --package="$LINTER" -- dockerfile-utils lint Dockerfile

folder=$(mktemp -d)
trap 'rmdir "$folder"' EXIT
timeout --kill-after=10 "$LIMIT_S" \
  unshare --mount --pid --fork --kill-child --mount-proc -- bash "${BASH_SOURCE[0]}" --inside "$folder" "$node_path"
