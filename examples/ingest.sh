#!/usr/bin/env bash
# Start a run, wait for its end, download its document and check it. Needs curl 7.76 or newer, jq, and sha256sum or shasum.
#
#   examples/ingest.sh [-k KEY] [-b BODY] [-o FOLDER]
#
#   -k KEY     Idempotency-Key: the same key gives the same run, so that this script can be started again at any time
#              (today's date in UTC with a hash of the body)
#   -b BODY    body of POST /ingest ({})
#   -o FOLDER  where the document goes (.)
#
# INGEST_URL (http://127.0.0.1:3000), INGEST_API_KEY and INGEST_WAIT_S (how long to wait for the end: 86400) are read from the environment.
# The document's path alone goes to stdout; nothing that exists is overwritten. Exit code 0: succeeded, 2: partial, 1: anything else.
set -euo pipefail

url=${INGEST_URL:-http://127.0.0.1:3000}
wait_s=${INGEST_WAIT_S:-86400}
key=
body='{}'
folder=.

fail () { printf 'ingest.sh: %s\n' "$1" >&2; exit 1; }
usage () { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "$0"; }

while getopts 'k:b:o:h' option; do
  case $option in
    k) key=$OPTARG ;;
    b) body=$OPTARG ;;
    o) folder=$OPTARG ;;
    h) usage; exit 0 ;;
    *) usage >&2; exit 1 ;;
  esac
done
for tool in curl jq; do
  command -v "$tool" >/dev/null || fail "needs $tool"
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# In a file and not among the arguments, where every user of the machine could read it.
printf '%s' "${INGEST_API_KEY:+Authorization: Bearer $INGEST_API_KEY}" >"$scratch/headers"

# call OUT CURL-ARGUMENTS...: the status to stdout, the body to OUT. Transient errors are retried, when Retry-After says.
call () {
  local out=$1
  shift
  curl --silent --show-error --retry 8 --retry-connrefused --max-time 600 --header "@$scratch/headers" --output "$out" --write-out '%{http_code}' "$@"
}

# expect STATUS EXPECTED FILE: fails with the reason of the service.
expect () {
  [[ $1 == "$2" ]] || fail "$1 $(jq -r '"\(.code): \(.detail)"' "$3" 2>/dev/null || head -c 300 "$3")"
}

checksum () {
  if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d' ' -f1
}

# claim FILE PATH: gives a finished file that name, unless it is taken. Some file systems have no hard links.
claim () {
  [[ ! -d $2 ]] || return 1
  ln "$1" "$2" 2>/dev/null && return
  (set -o noclobber && : >"$2") 2>/dev/null && mv -f "$1" "$2"
}

# place FILE PATH: claims that name and prints it. Nothing is replaced: an equal file is the document already, and
# otherwise a number is added.
place () {
  local path=$2 number=1
  until claim "$1" "$path" || cmp -s "$1" "$path"; do
    [[ -e $path || -L $path ]] || fail "$path cannot be written"
    number=$((number + 1))
    path=${2%.json}-$number.json
  done
  printf '%s\n' "$path"
}

# default_key BODY: a hash of the body, as the service refuses another request under a known key. Spaces do not matter.
default_key () {
  local hash
  hash=$( (jq --compact-output --sort-keys . <<<"$1" 2>/dev/null || printf '%s' "$1") | checksum /dev/stdin)
  printf 'ingest-%s-%s' "$(date -u +%F)" "${hash:0:16}"
}

key=${key:-$(default_key "$body")}
status=$(call "$scratch/run" -X POST "$url/ingest" -H 'Content-Type: application/json' -H "Idempotency-Key: $key" --data "$body")
expect "$status" 202 "$scratch/run"
id=$(jq -re .id "$scratch/run")

deadline=$((SECONDS + wait_s))
until jq -e '.finishedAt != null' "$scratch/run" >/dev/null; do
  (( SECONDS < deadline )) || fail "run $id has not ended in $wait_s s: start this script again with -k $key to wait on"
  jq -r '"\(.status): \(.progress.albumsFetched) of \(.progress.albumsListed) albums\(if .resumeAt then ", resumes at \(.resumeAt)" else "" end)"' "$scratch/run" >&2
  left=$((deadline - SECONDS))
  status=$(call "$scratch/run" "$url/runs/$id/status?wait=$((left < 60 ? left : 60))")
  expect "$status" 200 "$scratch/run"
done

name=$(jq -r '.file.name // empty' "$scratch/run")
[[ -n $name ]] || fail "run $id left no file: $(jq -r '"\(.status), \(.error.code): \(.error.detail)"' "$scratch/run")"
mkdir -p "$folder"
part=$folder/.$name.$$-$RANDOM.part
trap 'rm -rf "$scratch" "$part"' EXIT
status=$(call "$part" --compressed "$url/runs/$id")
expect "$status" 200 "$part"
[[ $(checksum "$part") == "$(jq -r .file.sha256 "$scratch/run")" ]] || fail "the download is not what the service has stored: start this script again"
jq -e --arg id "$id" '.id == $id and (.albums | length) == .progress.albumsFetched' "$part" >/dev/null || fail "the document of run $id lacks albums that it lists"
path=$(place "$part" "$folder/$name")

jq -r '"\(.status): \(.progress.albumsFetched) albums with \(.progress.tracks) tracks", (.gaps[] | "missing: \(.name // .albumId // "part of the listing") (\(.code): \(.detail))")' "$scratch/run" >&2
printf '%s\n' "$path"
case $(jq -r .status "$scratch/run") in
  succeeded) exit 0 ;;
  partial) exit 2 ;;
  *) exit 1 ;;
esac
