# shellcheck shell=bash
# What every script here needs: where things are, how to speak and how to give up. Sourced, never run.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Say what is being done, in one line, apart from what a script prints as its result.
say() { printf '%s: %s\n' "${SCRIPT:-setup}" "$*" >&2; }

# End with a sentence that names what to do.
fail() {
  say "$*"
  exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# Run a command for no more than so many seconds, where this machine can count them; Ctrl-C still reaches it.
limited() {
  if timeout --foreground 1 true 2>/dev/null; then timeout --foreground "$@"; else "${@:2}"; fi
}

# Print a folder that outlives this checkout: the user's cache, or .cache here where there is no home to keep one.
cache_folder() {
  local folder=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
  if [ -n "$folder" ] && mkdir -p "$folder/energy-optimizer" 2>/dev/null && [ -w "$folder/energy-optimizer" ]; then
    printf '%s\n' "$folder/energy-optimizer"
  else
    mkdir -p "$ROOT/.cache" || fail "neither the home folder nor $ROOT can be written to; set XDG_CACHE_HOME to a folder that can"
    printf '%s\n' "$ROOT/.cache"
  fi
}

# Run a command quietly and show what it said only if it failed.
quietly() {
  local log status=0
  log=$(mktemp "$WORK/log.XXXXXX")
  "$@" >"$log" 2>&1 || status=$?
  [ "$status" = 0 ] || tail -n 20 "$log" | sed 's/^/  | /' >&2
  rm -f "$log"
  return "$status"
}

CACHE=$(cache_folder) || exit 1
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
