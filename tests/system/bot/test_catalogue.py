import subprocess
import sys


def test_listing_needs_no_models():
    code = "import sys, bot.catalogue; print({'numpy', 'jsonschema', 'httpx'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
