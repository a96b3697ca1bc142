# shellcheck shell=bash
# Debian testing's Python, unpacked into a folder: nothing on the system changes and nobody need be root. Sourced.

DEBIAN_SUITE=forky
DEBIAN_PACKAGES=(python3.14 python3-pip-whl patchelf)
DEBIAN_HEADERS=(libpython3.14 libpython3.14-dev libexpat1-dev zlib1g-dev)

# Print the addresses of Debian archives that the apt folder $1 is set up with, each once, the most likely ones first.
debian_mirrors() {
  local folder=$1 file
  {
    for file in "$folder"/sources.list "$folder"/sources.list.d/*.list; do
      [ -f "$file" ] && sed -nE 's/^[[:space:]]*deb[[:space:]]+(\[[^]]*\][[:space:]]*)?(https?:[^[:space:]]+).*/\2/p' "$file"
    done
    for file in "$folder"/sources.list.d/*.sources; do
      [ -f "$file" ] && deb822_addresses "$file"
    done
  } | sed -E 's|/+$||' | grep -vE 'security' | awk '!seen[$0]++ { if (/\/debian$/) print; else rest = rest $0 "\n" } END { printf "%s", rest }'
}

# Print the addresses of the stanzas of a .sources file that are switched on; a line that starts blank goes on with its field.
deb822_addresses() {
  awk '
    function flush() { if (on && binary) printf "%s", found; found = ""; field = ""; on = 1; binary = 1 }
    BEGIN { flush() }
    /^#/ { next }
    /^[[:space:]]*$/ { flush(); next }
    /^[^[:space:]]/ { field = tolower($0); sub(/[[:space:]]*:.*/, "", field); sub(/^[^:]*:/, "") }
    field == "enabled" && tolower($0) ~ /no|false|off|0/ { on = 0 }
    field == "types" { binary = / deb( |$)/ || /^deb( |$)/ }
    field == "uris" { for (i = 1; i <= NF; i++) if ($i ~ /^https?:/) found = found $i "\n" }
    END { flush() }
  ' "$1"
}

# Fetch Python and what it stands on from one mirror into the folder $1, as apt would for an empty machine.
fetch_debian_packages() {
  local work=$1 mirror=$2 key options=
  for key in /usr/share/keyrings/debian-archive-keyring.pgp /usr/share/keyrings/debian-archive-keyring.gpg; do
    [ -f "$key" ] && options="[signed-by=$key] " && break
  done
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/etc"
  : >"$work/status"
  printf 'deb %s%s %s main\n' "$options" "$mirror" "$DEBIAN_SUITE" >"$work/sources.list"
  # Everything that apt would take from or write to the system is turned to this folder; its proxy settings stay.
  local apt=(-o "Dir::State::Lists=$work/lists" -o "Dir::State::status=$work/status" -o "Dir::Cache=$work/cache"
    -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null
    -o APT::Sandbox::User= -o Debug::NoLocking=1 -o Acquire::Retries=1 -o Acquire::http::Timeout=20)
  quietly limited 300 apt-get "${apt[@]}" -q update -o APT::Update::Error-Mode=any &&
    quietly limited 300 apt-get "${apt[@]}" -q install -y --no-install-recommends --download-only "${DEBIAN_PACKAGES[@]}" &&
    (cd "$work/cache/archives" && quietly limited 300 apt-get "${apt[@]}" -q download "${DEBIAN_HEADERS[@]}")
}

# Unpack Debian's Python into the folder $1, pointed at the C library that comes with it.
unpack_debian_python() {
  local prefix=$1 work=$1.new mirror deb loader libraries
  rm -rf "$work"
  mkdir -p "$work"
  while read -r mirror; do
    say "fetching Python 3.14 from Debian $DEBIAN_SUITE at $mirror"
    if fetch_debian_packages "$work" "$mirror"; then break; fi
    mirror=
  done < <(debian_mirrors /etc/apt)
  [ -n "${mirror:-}" ] || { say "no Debian archive in this machine's apt sources gave Python 3.14"; rm -rf "$work"; return 1; }
  say "unpacking Python 3.14 into $prefix"
  for deb in "$work"/cache/archives/*.deb; do dpkg -x "$deb" "$work/unpacked" || return 1; done
  loader=$(find "$work/unpacked/usr/lib" -name 'ld-linux*.so*' ! -type d | head -n 1)
  libraries=$(dirname "$loader")
  [ -n "$loader" ] || { say "Debian's C library came without a loader"; return 1; }
  # The interpreter is patched for the place it will be moved to; patchelf runs on the unpacked C library too.
  # The other way round, interpreter first, patchelf 0.18 leaves a program that crashes.
  local patchelf=("$loader" --library-path "$libraries" "$work/unpacked/usr/bin/patchelf")
  "${patchelf[@]}" --force-rpath --set-rpath "$prefix/${libraries#"$work/unpacked/"}" "$work/unpacked/usr/bin/python3.14" &&
    "${patchelf[@]}" --set-interpreter "$prefix/${loader#"$work/unpacked/"}" "$work/unpacked/usr/bin/python3.14" || return 1
  rm -rf "$prefix"
  mv "$work/unpacked" "$prefix"
  rm -rf "$work"
}
