"""Compose and Kubernetes files: valid by their schemas, and true to the images and the settings."""

import re
import shutil
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from compose_spec import PyCompose

from bot.settings import Settings
from bot.store.address import Address
from tests.system.deploy.test_images import BOT, ROOT, environment, stages

COMPOSE = ROOT / "deploy" / "compose.yaml"
PROMETHEUS = ROOT / "deploy" / "prometheus.yaml"
MANIFESTS = [ROOT / "deploy" / "kubernetes" / f"{name}.yaml" for name in ("bot", "secret.example")]
ALERTS = ROOT / "deploy" / "alerts.yaml"
RULES = yaml.safe_load(ALERTS.read_text())
KNOWN = {name.upper() for name in Settings.model_fields}
UID = 10001
DISCORD_SAYS_GOODBYE_S = 30


UP = {"series": 'up{job="skydeck",instance="a"}', "values": "1x60"}
DEAF = {"series": 'skydeck_voice_channels_faulty{kind="deaf",instance="a"}', "values": "0x9 1x50"}
SPENT = {"series": 'skydeck_spent_today_usd{instance="a"}', "values": "4.2x60"}
BUDGET = {"series": 'skydeck_budget_today_usd{instance="a"}', "values": "5x60"}
NO_BUDGET = BUDGET | {"values": "0x60"}
REFUSED = {
    "series": 'skydeck_calls_total{service="GRACE",ending="over_budget",instance="a"}',
    "values": "0+2x60",
}
ENDED = 'skydeck_calls_total{{service="GRACE",ending="{}",instance="a"}}'
FAILED = {"series": ENDED.format("job_failed"), "values": "0+1x60"}
WELL = {"series": ENDED.format("completed"), "values": "0+1x60"}


def case(fires: str, *series: dict) -> dict:
    """A case: after 30 minutes these alerts fire."""
    alerts = [rule["alert"] for group in RULES["groups"] for rule in group["rules"]]
    return {
        "interval": "1m",
        "input_series": list(series),
        "promql_expr_test": [
            {
                "expr": f'count(ALERTS{{alertstate="firing",alertname="{name}"}}) or vector(0)',
                "eval_time": "30m",
                "exp_samples": [{"labels": "{}", "value": int(name in fires.split())}],
            }
            for name in alerts
        ],
    }


CASES = {
    "evaluation_interval": "1m",
    "tests": [
        case("", UP, NO_BUDGET, SPENT, WELL),
        case("SkydeckDown"),
        case("SkydeckDown", UP | {"values": "1x5 0x60"}),
        case("SkydeckDeaf", UP, DEAF),
        case("SkydeckBudget", UP, SPENT, BUDGET),
        case("SkydeckRefused", UP, REFUSED),
        case("SkydeckServiceFailing", UP, FAILED, WELL),
    ],
}


def objects() -> dict[str, dict]:
    found = [doc for file in MANIFESTS for doc in yaml.safe_load_all(file.read_text())]
    assert len({doc["kind"] for doc in found}) == len(found)
    return {doc["kind"]: doc for doc in found}


@pytest.fixture(scope="module")
def compose() -> dict:
    PyCompose.from_yaml(COMPOSE.read_text()).validate()
    return yaml.safe_load(COMPOSE.read_text())


def test_the_schema_of_compose_is_really_looked_at():
    broken = COMPOSE.read_text().replace("stop_grace_period: 60s", "stop_grace_period: [a, b]")
    with pytest.raises(Exception, match="stop_grace_period"):
        PyCompose.from_yaml(broken)


def test_compose_fits_the_image_and_the_settings(compose):
    bot = compose["services"]["bot"]
    assert (COMPOSE.parent / bot["build"]["context"] / bot["build"]["dockerfile"]).resolve() == BOT
    assert (COMPOSE.parent / bot["env_file"]).resolve() == ROOT / ".env"
    assert set(bot["environment"]) <= KNOWN
    url = re.sub(r"\$\{[^}]*\}", "secret", bot["environment"]["SKYDECK_DATABASE_URL"])
    address = Address.parse(url)
    assert address.url.host in compose["services"]
    assert address.url.database == compose["services"]["postgres"]["environment"]["POSTGRES_DB"]
    [(_, place)] = [volume.split(":") for volume in bot["volumes"]]
    assert place == dict(stages(BOT)["last"])["VOLUME"]
    assert {
        name
        for service in compose["services"].values()
        for name in (volume.split(":")[0] for volume in service["volumes"])
        if not name.startswith(".")
    } == set(compose["volumes"])


def test_everybody_means_the_same_port(compose):
    steps = stages(BOT)["last"]
    port = int(environment(steps)["SKYDECK_METRICS_ADDRESS"].rpartition(":")[2])
    said = dict(steps)
    assert int(said["EXPOSE"]) == port
    assert f":{port}/healthz" in said["HEALTHCHECK"]
    [scraped] = yaml.safe_load(PROMETHEUS.read_text())["scrape_configs"]
    assert scraped["dns_sd_configs"] == [{"names": ["bot"], "type": "A", "port": port}]
    assert "bot" in compose["services"]
    mounted = compose["services"]["prometheus"]["volumes"][0].split(":")[0]
    assert (COMPOSE.parent / mounted).resolve() == PROMETHEUS
    [container] = objects()["StatefulSet"]["spec"]["template"]["spec"]["containers"]
    assert container["ports"] == [{"name": "metrics", "containerPort": port}]
    assert objects()["Service"]["spec"]["ports"] == [{"name": "metrics", "port": port}]
    paths = {
        kind: container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("liveness", "readiness")
    }
    assert paths == {"liveness": "/healthz", "readiness": "/readyz"}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="apt-get install prometheus")
def test_prometheus_takes_its_settings():
    words = ["promtool", "check", "config", str(PROMETHEUS)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("promtool") is None, reason="apt-get install prometheus")
def test_alerts_fire_when_they_should_and_only_then(tmp_path):
    file = tmp_path / "cases.yaml"
    file.write_text(yaml.safe_dump(CASES | {"rule_files": [str(ALERTS)]}))
    words = ["promtool", "test", "rules", str(file)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_grafana_finds_its_dashboard_and_its_figures(compose):
    grafana = compose["services"]["grafana"]
    mounted = dict(volume.removesuffix(":ro").split(":") for volume in grafana["volumes"])
    [folder] = [one for one in mounted if one.endswith("provisioning")]
    provisioning = COMPOSE.parent / folder
    [provider] = read(provisioning / "dashboards")["providers"]
    [dashboard] = [place for place in mounted.values() if place.endswith(".json")]
    assert str(Path(dashboard).parent) == provider["options"]["path"]
    assert grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] == dashboard
    [source] = read(provisioning / "datasources")["datasources"]
    assert source["url"] == "http://prometheus:9090"
    assert "prometheus" in compose["services"]
    for name in ("prometheus", "grafana"):
        service = compose["services"][name]
        assert service["profiles"] == ["measured"]
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        for place in service["volumes"]:
            local = place.split(":")[0]
            assert not local.startswith(".") or (COMPOSE.parent / local).exists()


def read(folder: Path) -> dict:
    [file] = folder.iterdir()
    return yaml.safe_load(file.read_text())


def test_no_log_grows_without_end(compose):
    for service in compose["services"].values():
        assert {"max-size", "max-file"} <= set(service["logging"]["options"])


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: file.stem)
def test_kubernetes_knows_every_field(file: Path):
    for doc in yaml.safe_load_all(file.read_text()):
        kubernetes_validate.validate(doc, kubernetes_validate.latest_version(), strict=True)


def test_the_schema_of_kubernetes_is_really_looked_at():
    broken = objects()["StatefulSet"]
    broken["spec"]["template"]["spec"]["containers"][0]["comand"] = ["skydeck"]
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, kubernetes_validate.latest_version(), strict=True)


def test_what_belongs_together_finds_each_other():
    found = objects()
    labels = found["StatefulSet"]["spec"]["template"]["metadata"]["labels"]
    assert found["StatefulSet"]["spec"]["selector"]["matchLabels"] == labels
    assert found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert found["Service"]["spec"]["selector"] == labels
    assert found["StatefulSet"]["spec"]["serviceName"] == found["Service"]["metadata"]["name"]
    [container] = found["StatefulSet"]["spec"]["template"]["spec"]["containers"]
    refs = {name for ref in container["envFrom"] for name in [next(iter(ref.values()))["name"]]}
    assert refs == {found["ConfigMap"]["metadata"]["name"], found["Secret"]["metadata"]["name"]}


def test_its_variables_are_settings_that_can_be_read(monkeypatch):
    found = objects()
    given = found["ConfigMap"]["data"] | found["Secret"]["stringData"]
    assert set(given) <= KNOWN
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = Settings(_env_file=None)
    Address.parse(settings.skydeck_database_url.get_secret_value())
    secret = {n.upper() for n, f in Settings.model_fields.items() if "Secret" in str(f.annotation)}
    assert not secret & set(found["ConfigMap"]["data"])


def test_a_pod_may_do_little_and_has_time_to_end():
    pod = objects()["StatefulSet"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert pod["securityContext"]["runAsUser"] == UID
    assert dict(stages(BOT)["last"])["USER"] == f"{UID}:{UID}"
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]
    assert pod["terminationGracePeriodSeconds"] >= (
        Settings.model_fields["skydeck_farewell_s"].default + DISCORD_SAYS_GOODBYE_S
    )
    mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounts == {"/tmp", "/data"}
