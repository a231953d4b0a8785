"""A garment photo becomes a try-on: a form with image[] for one file or for many.

    pip install requests
    python3 requests_edit.py photo.png …    -> try-on.png
"""

import base64
import os
import sys

import requests

BASE = os.environ.get("RENDERMILL_URL", "http://127.0.0.1:8080")
HEADERS = {"Authorization": f"Bearer {os.environ['RENDERMILL_API_KEY']}"}

answer = requests.post(
    f"{BASE}/v1/images/edits",
    headers=HEADERS,
    data={
        "model": "gpt-image-1",
        "prompt": "A model wears this jacket on a city street, full body",
        "size": "1024x1536",
        "quality": "low",
    },
    files=[("image[]", (os.path.basename(path), open(path, "rb"), "image/png")) for path in sys.argv[1:]],
    timeout=300,
)
if not answer.ok:
    error = answer.json()["error"]
    raise SystemExit(f"{answer.status_code} {error['code']}: {error['message']}")

with open("try-on.png", "wb") as file:
    file.write(base64.b64decode(answer.json()["data"][0]["b64_json"]))
