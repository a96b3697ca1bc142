# shellcheck shell=bash
# Finds or fetches a Chromium for browser tests and screenshots. Sourced after common.sh.

# Print the path of a Chromium that starts.
find_browser() {
  local name
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
    if [ -n "$name" ] && has "$name" && limited 20 "$name" --version >/dev/null 2>&1; then
      command -v "$name"
      return
    fi
  done
  return 1
}

# Get a Chromium where that needs no question: by root, from Debian's own packages. Never fails, only says so.
ensure_browser() {
  find_browser >/dev/null && return
  if [ "$(id -u)" = 0 ] && has apt-get && [ -f /etc/debian_version ]; then
    say "installing Chromium with apt-get (a minute or two)"
    export DEBIAN_FRONTEND=noninteractive
    quietly limited 120 apt-get -q update || true
    quietly limited 300 apt-get -q install -y --no-install-recommends chromium || true
  fi
  find_browser >/dev/null || say "there is no Chromium here, so what needs a browser is left out. Install one (Debian: apt install chromium) or name it in CHROMIUM"
}
