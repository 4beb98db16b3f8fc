"""`sh deploy/up.sh`: what it asks, keeps and starts, with a docker that only notes."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from compose_spec import PyCompose

from bot.settings import Settings
from tests.paths import ROOT
from tests.system.deploy.test_images import SERVICES, stages

LOCAL = ROOT / "deploy" / "compose.local.yaml"
DOCKER = (
    '#!/bin/sh\nif [ "$2" = version ]; then exit "${NO_COMPOSE:-0}"; fi\necho "$@" >>../asked\n'
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "skydeck"
    (folder / "deploy").mkdir(parents=True)
    shutil.copy(ROOT / "deploy" / "up.sh", folder / "deploy")
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    return folder


def up(checkout: Path, answers: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(checkout / "deploy" / "up.sh")],
        input=answers,
        env={"PATH": f"{checkout.parent / 'bin'}:/usr/bin:/bin"} | environment,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def kept(checkout: Path) -> dict[str, str]:
    lines = (checkout / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def started(checkout: Path) -> str:
    return (checkout.parent / "asked").read_text()


def test_without_a_key_the_services_run_here_too(checkout):
    done = up(checkout, "a.bots.token\n\n")
    assert done.returncode == 0, done.stderr
    assert "Reset Token" in done.stderr
    found = kept(checkout)
    assert found["DISCORD_TOKEN"] == "a.bots.token"
    assert len(found["POSTGRES_PASSWORD"]) == len(found["SKYDECK_SERVE_KEY"]) == 48
    assert found["POSTGRES_PASSWORD"] != found["SKYDECK_SERVE_KEY"]
    assert started(checkout) == (
        "compose --env-file .env --file deploy/compose.yaml --file deploy/compose.local.yaml "
        "up --build --detach\n"
    )
    assert (checkout / ".env").stat().st_mode & 0o777 == 0o600
    assert "a.bots.token" not in done.stdout + done.stderr + started(checkout)


def test_a_second_time_asks_nothing_and_changes_nothing(checkout):
    up(checkout, "a.bots.token\nrpa_key\ng1\nf1\n")
    before = kept(checkout)
    assert (before["GRACE_ENDPOINT_ID"], before["FACTORY_ENDPOINT_ID"]) == ("g1", "f1")
    assert "SKYDECK_SERVE_KEY" not in before
    done = up(checkout)
    assert done.returncode == 0, done.stderr
    assert kept(checkout) == before
    assert (
        started(checkout).splitlines()
        == ["compose --env-file .env --file deploy/compose.yaml up --build --detach"] * 2
    )


def test_what_env_has_already_stays(checkout):
    (checkout / ".env").write_text("# mine\nDISCORD_TOKEN=\nSKYDECK_LLM=tiny\nRUNPOD_API_KEY=\n")
    (checkout / ".env").chmod(0o644)
    done = up(checkout, "t\n\n", POSTGRES_PASSWORD="from-before")
    assert done.returncode == 0, done.stderr
    lines = (checkout / ".env").read_text().splitlines()
    assert lines[:2] == ["# mine", "SKYDECK_LLM=tiny"]
    assert kept(checkout)["POSTGRES_PASSWORD"] == "from-before"
    assert (checkout / ".env").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("answers", "said"),
    [("", "DISCORD_TOKEN is needed"), ("\n", "DISCORD_TOKEN is needed"), ("a b$(x)\n", "has only")],
)
def test_what_cannot_be_used_is_said_and_nothing_starts(checkout, answers, said):
    done = up(checkout, answers)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (checkout.parent / "asked").exists()


def test_without_compose_it_says_so_before_it_asks(checkout):
    done = up(checkout, "t\n\n", NO_COMPOSE="1")
    assert done.returncode == 1
    assert "Docker with Compose is needed" in done.stderr
    assert "token" not in done.stderr
    assert not (checkout / ".env").exists()


def test_the_local_file_fits_the_other_and_the_settings():
    PyCompose.from_yaml(LOCAL.read_text()).validate()
    local = yaml.safe_load(LOCAL.read_text())
    base = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
    services, bot = local["services"]["services"], local["services"]["bot"]
    known = {name.upper() for name in Settings.model_fields} | {"POSTGRES_PASSWORD"}
    assert set(services["environment"]) | set(bot["environment"]) <= known
    assert "bot" in base["services"]
    assert bot["network_mode"] == "service:services"
    assert "networks" not in base["services"]["bot"], "one or the other"
    assert "ports" not in base["services"]["bot"] | services
    place = (
        LOCAL.parent / services["build"]["context"] / services["build"]["dockerfile"]
    ).resolve()
    assert place == SERVICES
    [(volume, folder)] = [one.split(":") for one in services["volumes"]]
    assert volume in local["volumes"]
    assert folder == dict(stages(SERVICES)["last"])["VOLUME"]
    port = bot["environment"]["RUNPOD_BASE_URL"].rpartition(":")[2].removesuffix("/v2")
    assert f'"{port}"' in dict(stages(SERVICES)["last"])["CMD"]
    assert bot["environment"]["RUNPOD_API_KEY"] == services["environment"]["SKYDECK_SERVE_KEY"]
