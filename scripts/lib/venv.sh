# shellcheck shell=bash
# Makes the environments that the other scripts run in. Sourced after python.sh.

MANIFEST=$ROOT/custom_components/energy_optimizer/manifest.json
NEEDS=$ROOT/scripts/lib/requirements.py

# Print all that decides what belongs into the environment $1 with the requirement file $2: its place and what is asked for.
recipe() { printf '%s\n' "$1" && cat "$2" "$MANIFEST" "$NEEDS"; }

# Whether the environment $1 was finished for the requirement file $2 as both are now, and still runs.
finished() { [ -f "$1/.setup" ] && recipe "$1" "$2" | cmp -s - "$1/.setup" && fit "$1/bin/python"; }

# Whether the environment $1 can be brought up to date: it runs, was not left unfinished and has not been moved.
keepable() {
  fit "$1/bin/python" && { [ ! -e "$1/.setup" ] || [ "$(head -n 1 "$1/.setup")" = "$1" ]; }
}

# Make or update the environment $1 from the requirement file $2, and say so; done when it returns.
make_environment() {
  local folder=$1 file=$2 needs
  if keepable "$folder"; then
    find_uv
    say "bringing $folder up to date"
  else
    find_python
    say "making $folder"
    rm -rf "$folder"
    mkdir "$folder"
    printf 'unfinished' >"$folder/.setup"
    create_venv "$folder" || fail "$PYTHON could not make an environment in $folder; what it said is above"
  fi
  printf 'unfinished' >"$folder/.setup"
  say "installing what ${file#"$ROOT/"} asks for (Home Assistant: about 600 MB, a minute or two at first)"
  install_into "$folder" -r "$file" || fail "the packages of ${file#"$ROOT/"} could not be fetched. If what is above speaks of the network, check that this machine can reach a Python package index, then run this again: it goes on where it stopped"
  needs=$WORK/needs.txt
  "$folder/bin/python" "$NEEDS" "$MANIFEST" >"$needs" || fail "cannot read what the installed Home Assistant needs"
  say "installing what the integration and the parts of Home Assistant around it ask for"
  install_into "$folder" -r "$needs" || fail "packages that Home Assistant needs could not be fetched; what went wrong is above. Run this again when it is mended"
  recipe "$folder" "$file" >"$folder/.setup.new"
  mv "$folder/.setup.new" "$folder/.setup"
}

BENCHMARKS=$ROOT/benchmarks/requirements.txt

# Whether the environment $1 holds what the benchmarks ask for beside the rest.
has_benchmarks() { [ -f "$1/.benchmarks" ] && cat "$1/.setup" "$BENCHMARKS" | cmp -s - "$1/.benchmarks"; }

# Install what the benchmarks ask for into the environment $1, which is finished; nothing if it is there.
ensure_benchmarks() {
  local folder=$1
  if has_benchmarks "$folder"; then return; fi
  find_uv
  say "installing what ${BENCHMARKS#"$ROOT/"} asks for (about 60 MB)"
  install_into "$folder" -r "$BENCHMARKS" || fail "the packages of ${BENCHMARKS#"$ROOT/"} could not be fetched; what went wrong is above. Run this again when it is mended"
  cat "$folder/.setup" "$BENCHMARKS" >"$folder/.benchmarks"
}

# Make an empty environment in the folder $1.
create_venv() {
  if [ -n "$UV" ] && quietly "$UV" venv --allow-existing --no-project --python "$PYTHON" "$1"; then return; fi
  quietly "$PYTHON" -m venv --without-pip "$1"
}

# Install into the environment $1 what the other arguments, those of pip install, ask for.
install_into() {
  local folder=$1 include=$PRIVATE_PYTHON/usr/include
  shift
  # For a package that has to be compiled: the headers of an interpreter that came from Debian's packages.
  if [ -d "$include" ]; then export CPATH=${CPATH:+$CPATH:}$include; fi
  if [ -n "$UV" ] && quietly limited 900 "$UV" pip install --python "$folder/bin/python" "$@"; then return; fi
  ensure_pip "$folder/bin/python" || return 1
  say "installing with pip instead, which takes several minutes"
  quietly limited 1800 "$folder/bin/python" -m pip install --no-input --retries 2 "$@"
}

# Give the environment of the interpreter $1 a pip; Debian keeps it apart from Python, as a wheel that installs itself.
ensure_pip() {
  local wheel
  "$1" -c 'import pip' 2>/dev/null && return
  if "$1" -c 'import ensurepip' 2>/dev/null; then quietly "$1" -m ensurepip && return; fi
  wheel=$(find "$PRIVATE_PYTHON/usr/share/python-wheels" -name 'pip-*.whl' 2>/dev/null | head -n 1)
  if [ -z "$wheel" ]; then
    say "there is no pip for $1 either"
    return 1
  fi
  quietly "$1" "$wheel/pip" install --no-index "$wheel"
}
