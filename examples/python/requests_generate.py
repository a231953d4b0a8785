"""One picture with requests: the script of any relay, with another base URL.

    pip install requests
    python3 requests_generate.py            -> mug.png
"""

import base64
import os

import requests

BASE = os.environ.get("RENDERMILL_URL", "http://127.0.0.1:8080")
HEADERS = {"Authorization": f"Bearer {os.environ['RENDERMILL_API_KEY']}"}

answer = requests.post(
    f"{BASE}/v1/images/generations",
    headers=HEADERS,
    json={"model": "gpt-image-1", "prompt": "一只红色搪瓷杯，白色背景，商品摄影", "quality": "low"},
    timeout=300,  # a render may take minutes
)
if not answer.ok:
    error = answer.json()["error"]
    raise SystemExit(f"{answer.status_code} {error['code']}: {error['message']}")

with open("mug.png", "wb") as file:
    file.write(base64.b64decode(answer.json()["data"][0]["b64_json"]))
