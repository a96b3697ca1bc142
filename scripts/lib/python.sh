# shellcheck shell=bash
# Finds or fetches uv and a Python that Home Assistant runs on. Sourced after common.sh.

PRIVATE_PYTHON=$CACHE/python3.14
UV_TOOLS=$CACHE/tools
UV_REQUEST=">=3.14.2,<3.15"

# A certificate authority that this machine trusts is good enough for downloads too.
if [ -s /etc/ssl/certs/ca-certificates.crt ] && [ -z "${UV_SYSTEM_CERTS:-}" ]; then export UV_SYSTEM_CERTS=true; fi
export UV_NO_PROGRESS=1 UV_PYTHON_INSTALL_DIR=${UV_PYTHON_INSTALL_DIR:-$CACHE/uv-python}
if [ -z "${HOME:-}" ] || [ ! -w "$HOME" ]; then export UV_CACHE_DIR=${UV_CACHE_DIR:-$CACHE/uv}; fi
export PIP_DISABLE_PIP_VERSION_CHECK=1
# What another project's shell may have set and would lead these interpreters astray.
unset PYTHONHOME PYTHONPATH

# Whether an interpreter is one for Home Assistant: 3.14.2 or a later 3.14, with the modules that builders leave out.
fit() {
  [ -n "${1:-}" ] && "$1" -c '
import sys, bz2, ctypes, lzma, sqlite3, ssl, venv
sys.exit(not (3, 14, 2) <= sys.version_info < (3, 15))' >/dev/null 2>&1
}

# Print the interpreter behind another one, so that no environment stands on another environment.
base_of() { "$1" -c 'import sys; print(sys._base_executable or sys.executable)'; }

python_on_path() {
  local name
  for name in python3.14 python3 python; do
    if has "$name" && fit "$name"; then
      base_of "$name"
      return
    fi
  done
  return 1
}

# Set UV to an uv on PATH or in the cache, made there with any Python 3 that has pip; leave it empty if there is no way.
find_uv() {
  UV=
  if has uv && uv --version >/dev/null 2>&1 && [ "$(command -v uv)" != "$ROOT/.venv/bin/uv" ]; then
    UV=$(command -v uv)
  elif [ -x "$UV_TOOLS/bin/uv" ] && "$UV_TOOLS/bin/uv" --version >/dev/null 2>&1; then
    UV=$UV_TOOLS/bin/uv
  elif has python3; then
    make_uv python3
  fi
}

# Install uv into the cache with the interpreter $1 and whatever pip that one has or can be lent.
make_uv() {
  local python=$1 fresh=$UV_TOOLS.new pip
  say "installing uv, which makes the rest quick, into $UV_TOOLS"
  rm -rf "$fresh"
  mkdir -p "$fresh"
  if "$python" -m pip --version >/dev/null 2>&1; then
    pip=("$python" -m pip)
  elif "$python" -m venv "$fresh/venv" >/dev/null 2>&1; then
    pip=("$fresh/venv/bin/python" -m pip)
  elif pip=("$PRIVATE_PYTHON"/usr/share/python-wheels/pip-*.whl) && [ -f "${pip[0]}" ]; then
    pip=("$python" "${pip[0]}/pip")
  else
    say "no pip to install uv with; going on without"
    rm -rf "$fresh"
    return
  fi
  if PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 quietly limited 180 "${pip[@]}" install --no-input --retries 2 --target "$fresh/uv" uv &&
    "$fresh/uv/bin/uv" --version >/dev/null 2>&1; then
    rm -rf "$UV_TOOLS"
    mv "$fresh/uv" "$UV_TOOLS"
    UV=$UV_TOOLS/bin/uv
  else
    say "uv could not be installed; going on without"
  fi
  rm -rf "$fresh"
}

# Print an interpreter that uv knows of.
python_known_to_uv() {
  local found
  [ -n "$UV" ] && found=$("$UV" python find --system --no-project "$UV_REQUEST" 2>/dev/null) && fit "$found" && base_of "$found"
}

# Let uv fetch an interpreter and print it.
python_fetched_by_uv() {
  [ -n "$UV" ] || return 1
  say "asking uv for Python 3.14 (at most 2 minutes)"
  UV_HTTP_RETRIES=${UV_HTTP_RETRIES:-1} limited 120 "$UV" python install --quiet --no-bin "$UV_REQUEST" >/dev/null 2>&1 &&
    python_known_to_uv
}

# Print the interpreter that was unpacked from Debian's packages.
python_kept() { fit "$PRIVATE_PYTHON/usr/bin/python3.14" && printf '%s\n' "$PRIVATE_PYTHON/usr/bin/python3.14"; }

# Fetch Debian's packages and print their interpreter.
python_fetched_from_debian() { has apt-get && has dpkg && unpack_debian_python "$PRIVATE_PYTHON" && python_kept; }

# Set PYTHON to a fit interpreter and UV to an uv, if there is one.
find_python() {
  find_uv
  PYTHON=$(python_on_path) || PYTHON=$(python_known_to_uv) || PYTHON=$(python_kept) ||
    PYTHON=$(python_fetched_by_uv) || PYTHON=$(python_fetched_from_debian) ||
    fail "there is no Python 3.14 (3.14.2 or later) on this machine and none could be fetched. Install python3.14 or uv by hand, or give this machine a network (on Debian also working apt sources), and run this again"
  [ -n "$UV" ] || make_uv "$PYTHON"
  say "using $("$PYTHON" -V) ($PYTHON)"
}
