"""Print what Home Assistant would install while it starts, so that it need not.

Called with the path of our manifest, by the interpreter of an environment that has Home Assistant in it. Prints a
requirement file: our own requirements, and those of the integrations that a start here loads, as their manifests pin
them, under Home Assistant's constraints.
"""

import ast
import importlib.util
import json
import re
import sys
from pathlib import Path

# What scripts/demo and the tests load beside the integrations that Home Assistant starts by itself.
LOADED = ("config", "dhcp", "energy", "history", "logbook", "my", "recorder", "sun", "zeroconf")

# Only a C++ compiler can install the versions of these that Home Assistant pins. It imports them at every start and
# uses them for speech alone; scripts/demo starts it without them.
LEFT_OUT = frozenset({"pymicro-vad", "pyspeex-noise"})


def main(manifest: Path) -> None:
    """Print a requirement file."""
    home_assistant = _home_assistant()
    ours = json.loads(manifest.read_text(encoding="utf-8"))
    requirements = set(ours["requirements"])
    pending = {*LOADED, *ours.get("dependencies", ()), *_defaults(home_assistant), *_platforms(home_assistant)}
    seen = set[str]()
    while pending:
        domain = pending.pop()
        seen.add(domain)
        path = home_assistant / "components" / domain / "manifest.json"
        integration = json.loads(path.read_text(encoding="utf-8"))
        requirements.update(integration.get("requirements", ()))
        pending.update(set(integration.get("dependencies", ())) - seen)
    requirements.update(_second_factor(home_assistant))
    wanted = sorted(each for each in requirements if re.split(r"[^\w.-]", each, maxsplit=1)[0] not in LEFT_OUT)
    print(f"-c {(home_assistant / 'package_constraints.txt').as_uri()}", *wanted, sep="\n")


def _home_assistant() -> Path:
    """Find the package without importing it, which takes seconds."""
    spec = importlib.util.find_spec("homeassistant")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("Home Assistant is not installed here")
    return Path(next(iter(spec.submodule_search_locations)))


def _defaults(home_assistant: Path) -> list[str]:
    """Read which integrations start whatever the configuration says."""
    for node in ast.parse((home_assistant / "bootstrap.py").read_text(encoding="utf-8")).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="DEFAULT_INTEGRATIONS")], value=ast.Set(elts=elements)):
                return [
                    each.value for each in elements if isinstance(each, ast.Constant) and isinstance(each.value, str)
                ]
    sys.exit("this Home Assistant does not name its default integrations where scripts/lib/requirements.py looks")


def _second_factor(home_assistant: Path) -> list[str]:
    """Read what the log-in module asks for that Home Assistant offers to everybody and without which it won't start."""
    source = (home_assistant / "auth" / "mfa_modules" / "totp.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="REQUIREMENTS")], value=value):
                return [str(each) for each in ast.literal_eval(value)]
    return []


def _platforms(home_assistant: Path) -> list[str]:
    """Read which kinds of entity there are: each is an integration that starts too."""
    source = (home_assistant / "generated" / "entity_platforms.py").read_text(encoding="utf-8")
    return re.findall(r'^    [A-Z_]+ = "(\w+)"$', source, re.MULTILINE)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
