"""What ONNX Runtime does besides running models."""

import os
import re
import subprocess
import sys

from tests.paths import ROOT

LOADS = re.compile(r"^\s*(?:import|from) (?:onnxruntime|faster_whisper|piper)\b", re.MULTILINE)


def test_it_keeps_no_id_of_this_machine_and_tells_nobody_of_it(tmp_path):
    code = "import audio, onnxruntime; onnxruntime.get_available_providers()"
    environment = os.environ | {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    environment.pop("ORT_DISABLE_TELEMETRY", None)  # set where this process imports it
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert not list(tmp_path.rglob("*onnxruntime*"))


def test_whoever_loads_it_has_imported_this_package_first():
    files = [file for package in ("bot", "cogs") for file in (ROOT / package).rglob("*.py")]
    loading = [file for file in files if LOADS.search(file.read_text("utf-8"))]
    assert loading
    for file in loading:
        assert "\nfrom audio." in file.read_text("utf-8"), file
