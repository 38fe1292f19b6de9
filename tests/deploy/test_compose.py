"""The compose file and the image: no container engine runs here, so every line is read instead."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from mammothbox.errors import UsageError
from mammothbox.interfaces.cli.app import app
from mammothbox.interfaces.cli.commands.serve import APP_PORT, PORTS
from mammothbox.models.cache import Cache
from mammothbox.models.catalog import MODELS, model_for
from mammothbox.models.lease import estimate
from mammothbox.models.memory import host_budget
from mammothbox.models.shapes import PUBLISHED, phi3
from mammothbox.services.app import ROUTES
from mammothbox.services.kinds import KINDS
from mammothbox.services.listening import address, listen
from mammothbox.settings import ALIASES, Settings, load_settings, parse_bytes
from mammothbox.workers.worker import STOP_S
from tests.services.running import running

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "deploy" / "compose.yaml"
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
VARIABLE = re.compile(r"\$\{(\w+)(?:(:-|:\?)([^}]*))?\}")
SERVERS = {"blip-server": "blip", "clip-server": "clip", "whisper-server": "whisper"}
WRITERS = {"cpu": "phi35-server", "gpu": "phi35-gpu", "gpu80": "phi35-gpu80"}
GIVEN = {"MAMMOTHBOX_TOKEN": "a-long-random-word"}


def filled(text: str) -> str:
    """As the engine fills variables in, of which only the token is set."""

    def value(found: re.Match[str]) -> str:
        name, how, default = found[1], found[2], found[3]
        if name in GIVEN:
            return GIVEN[name]
        assert how == ":-", f"{name} has no default"
        return str(default)

    return VARIABLE.sub(value, text)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(filled(COMPOSE.read_text("utf-8")))
    return loaded


def services(compose: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = compose["services"]
    return found


def limit(service: dict[str, Any]) -> int:
    """Bytes of ``mem_limit``, whose m is 2^20."""
    number = re.fullmatch(r"(\d+)m", service["mem_limit"])
    assert number, service["mem_limit"]
    return int(number[1]) << 20


def options(command: list[str]) -> dict[str, str]:
    return dict(word.removeprefix("--").split("=", 1) for word in command)


def test_it_is_a_compose_file(compose: dict[str, Any]) -> None:
    found = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    schema = json.loads(found.read_text("utf-8"))
    jsonschema.validate(compose, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**compose, "services": {"app": {"imagine": 1}}}, schema)


def test_every_variable_has_a_default_or_says_what_to_set() -> None:
    text = COMPOSE.read_text("utf-8")
    for name, how, _ in VARIABLE.findall(text):
        assert how or name in GIVEN, name
    assert re.search(r"MAMMOTHBOX_TOKEN:\?\w", text)
    defaults: dict[str, set[str]] = {}
    for name, how, default in VARIABLE.findall(text):
        if how == ":-" and not name.startswith("PHI35_"):
            defaults.setdefault(name, set()).add(default)
    assert {name: found for name, found in defaults.items() if len(found) > 1} == {}


@pytest.mark.parametrize("profile", WRITERS)
def test_the_models_of_a_profile_share_six_gigabytes(compose: dict[str, Any], profile: str) -> None:
    mine = [*SERVERS, WRITERS[profile]]
    assert sum(limit(services(compose)[name]) for name in mine) <= 6_000_000_000


def test_every_model_fits_its_limit(compose: dict[str, Any], tmp_path: Path) -> None:
    for name, kind in {**SERVERS, "phi35-server": "phi35"}.items():
        service = services(compose)[name]
        given = parse_bytes(service["environment"]["MAMMOTHBOX_MEMORY_BYTES"])
        assert given <= limit(service)
        writer = service["environment"].get("WRITER", "large")
        model = model_for(Settings(writer=writer), KINDS[kind].contract)
        parts = [model, *(MODELS[need] for need in model.needs)]
        assert estimate(parts, Cache(tmp_path)) <= host_budget(given), name


def test_ports_are_those_of_the_commands_and_open_to_this_machine_only(
    compose: dict[str, Any],
) -> None:
    wanted = {"app": APP_PORT, **{name: PORTS[kind] for name, kind in SERVERS.items()}}
    wanted |= dict.fromkeys(WRITERS.values(), PORTS["phi35"])
    for name, service in services(compose).items():
        found = service.get("ports", [])
        if name not in wanted:
            assert not found, name
            continue
        assert found == [f"127.0.0.1:{wanted[name]}:{wanted[name]}"]
    assert set(ROUTES) == {kind.contract for kind in KINDS.values()}


def test_the_application_is_told_settings_that_exist(compose: dict[str, Any]) -> None:
    variables = {ALIASES.get(n, f"MAMMOTHBOX_{n.upper()}") for n in Settings.__dataclass_fields__}
    for name, service in services(compose).items():
        if "build" in service:
            given = service.get("environment", {})
            assert set(given) <= variables, name
            load_settings({key: str(value) for key, value in given.items()})
    with pytest.raises(UsageError):
        load_settings({"MAMMOTHBOX_MEMORY_BYTES": "much"})
    told = services(compose)["app"]["environment"]
    for contract, name in {"BLIP": "blip-server", "WHISPER": "whisper-server"}.items():
        assert told[f"{contract}_ENDPOINT"] == f"http://{name}:{PORTS[name.split('-')[0]]}"
    assert told["PHI35_ENDPOINT"] == f"http://phi35-server:{PORTS['phi35']}"
    assert told["DATABASE_URL"].endswith("@postgres:5432/mammothbox")
    database = services(compose)["postgres"]
    assert database["image"] == "pgvector/pgvector:pg15"
    assert database["environment"]["POSTGRES_DB"] == "mammothbox"
    assert services(compose)["redis"]["image"] == "redis:7-alpine"


def test_a_worker_is_the_application_with_another_command(compose: dict[str, Any]) -> None:
    found, given = services(compose)["worker"], services(compose)["app"]
    program, *words = found["command"]
    assert program == "mammothbox"
    context = app.make_context("mammothbox", list(words), resilient_parsing=True)
    name, command, rest = app.resolve_command(context, words)
    assert name == "worker"
    assert command is not None
    command.make_context(name, rest)
    for part in ("environment", "volumes", "build"):  # the same library, models and paths
        assert found[part] == given[part]
    assert {"DATABASE_URL", "REDIS_URL"} <= set(found["environment"])
    assert int(found["stop_grace_period"].removesuffix("m")) * 60 >= STOP_S


def test_everything_waited_for_can_become_healthy(compose: dict[str, Any]) -> None:
    all_services = services(compose)
    for name, service in all_services.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in all_services, (name, other)
            if how["condition"] == "service_healthy":
                target = all_services[other].get("build", {}).get("target")
                own = "healthcheck" in all_services[other]
                assert own or "HEALTHCHECK" in stage(str(target)), other
            waits_for_some = "profiles" in all_services[other] and "profiles" not in service
            assert not waits_for_some or how.get("required") is False
    for name in WRITERS.values():
        service = all_services[name]
        assert len(service["profiles"]) == 1
        if name != "phi35-server":
            assert service["networks"]["default"]["aliases"] == ["phi35-server"]
            (device,) = service["deploy"]["resources"]["reservations"]["devices"]
            assert device == {"driver": "nvidia", "device_ids": ["0"], "capabilities": ["gpu"]}
    named = {v.split(":")[0] for s in all_services.values() for v in s.get("volumes", [])}
    assert {n for n in named if re.fullmatch(r"[a-z_]+", n)} == set(compose["volumes"])


@pytest.mark.parametrize(("name", "gpu"), [("phi35-gpu", 6e9), ("phi35-gpu80", 80e9)])
def test_the_writer_fits_its_gpu(compose: dict[str, Any], name: str, gpu: float) -> None:
    """Weights, one full context, and two gigabytes (one on the small) for what lies between."""
    given = options(services(compose)[name]["command"])
    shape = phi3(PUBLISHED["phi-3.5-mini-instruct"])
    weights = shape.parameters * {"bitsandbytes": 0.6, "fp8": 1.0}[given["quantization"]]
    cache = shape.cache_values * int(given["max-model-len"]) * {"fp8": 1}[given["kv-cache-dtype"]]
    between = 2e9 if gpu > 10e9 else 1e9
    assert weights + cache + between <= float(given["gpu-memory-utilization"]) * gpu
    assert int(given["max-model-len"]) <= shape.positions
    assert given["dtype"]


def stage(name: str) -> str:
    """The lines of a target."""
    parts = re.split(r"^FROM (\S+) AS (\S+)$", DOCKERFILE, flags=re.MULTILINE)
    stages = dict(zip(parts[2::3], parts[3::3], strict=True))
    return str(stages[name])


def test_every_target_is_used_and_runs_a_command_that_exists(compose: dict[str, Any]) -> None:
    targets = set(re.findall(r" AS (\S+)$", DOCKERFILE, re.MULTILINE)) - {"base"}
    built = {s["build"]["target"] for s in services(compose).values() if "build" in s}
    assert built == targets
    for target in targets:
        line = re.findall(r"^CMD (\[.*\])$", stage(target), re.MULTILINE)[-1]
        program, *words = json.loads(line)
        assert program == "mammothbox"
        context = app.make_context("mammothbox", list(words), resilient_parsing=True)
        name, command, rest = app.resolve_command(context, words)
        assert command is not None, words
        command.make_context(str(name), rest)


def test_steps_of_the_image_are_of_files_that_are_there() -> None:
    for line in re.findall(r"^COPY (.+)$", DOCKERFILE, re.MULTILINE):
        for source in shlex.split(line)[:-1]:
            assert (ROOT / source).exists(), source
    extras = set(re.findall(r'"\.\[([\w,]+)\]"', DOCKERFILE)[0].split(","))
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert extras <= set(project["optional-dependencies"])
    assert "pip install --require-hashes -r requirements.lock" in DOCKERFILE
    setup = (ROOT / "tools" / "setup.sh").read_text("utf-8")
    assert "--require-hashes" in setup
    assert "--no-deps" in setup


def test_the_health_check_of_the_application_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (check,) = re.findall(r"CMD (\[\"python\".*\])$", stage("app"), re.MULTILINE)
    (line,) = re.findall(r"^CMD (\[.*\])$", stage("app"), re.MULTILINE)
    with listen("127.0.0.1", 0) as bound:
        url = address(bound)
    code = json.loads(check)[2].replace(f"http://127.0.0.1:{APP_PORT}", url)
    monkeypatch.setenv("MAMMOTHBOX_TOKEN", GIVEN["MAMMOTHBOX_TOKEN"])
    environ = {**os.environ, "MAMMOTHBOX_LIBRARY": str(tmp_path), "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", *json.loads(line), "--port", url.rpartition(":")[2]]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)
    try:
        while True:  # healthy in the end; the check raises until then
            assert process.poll() is None
            try:
                exec(code)
            except OSError as error:
                if getattr(error, "code", 0):  # an answer, but the wrong one
                    raise
                time.sleep(0.1)
                continue
            break
        monkeypatch.setenv("MAMMOTHBOX_TOKEN", "another-long-word")
        with pytest.raises(OSError, match="401"):
            exec(code)
    finally:
        process.terminate()
        process.wait()


@pytest.mark.parametrize("name", sorted({*SERVERS.values(), "phi35"}))
def test_the_health_check_of_the_image_works(name: str) -> None:
    (check,) = re.findall(r"CMD (\[\"python\".*\])$", stage(f"{name}-server"), re.MULTILINE)
    code = json.loads(check)[2]
    with running(name) as url:
        code = code.replace(f"http://127.0.0.1:{PORTS[name]}", url)
        assert url in code
        while True:  # ready in the end; the check raises until then
            try:
                exec(code)
            except OSError:
                continue
            break
    with pytest.raises(OSError, match="refused"):
        exec(code)
