"""A job with requests: submit, poll its status, download, check the bytes.

    pip install requests
    python3 requests_jobs.py                -> poster.webp
"""

import hashlib
import os

import requests

BASE = os.environ.get("RENDERMILL_URL", "http://127.0.0.1:8080")

session = requests.Session()
session.headers["Authorization"] = f"Bearer {os.environ['RENDERMILL_API_KEY']}"

submitted = session.post(
    f"{BASE}/v1/jobs",
    json={
        "type": "generation",
        "model": "gpt-image-1",
        "prompt": "Poster for a night market, lanterns, 1024x1536",
        "size": "1024x1536",
        "quality": "low",
        "output_format": "webp",
        "metadata": {"campaign": "night-market"},
    },
    timeout=30,
)
submitted.raise_for_status()
job = submitted.json()

# Each request is held until the job has ended, for at most 20 seconds: no sleep is needed between them.
while job["status"] in ("queued", "in_progress"):
    polled = session.get(f"{BASE}/v1/jobs/{job['id']}", params={"wait": 20}, timeout=30)
    polled.raise_for_status()
    job = polled.json()
    print(job["id"], job["status"])
if job["status"] != "completed":
    raise SystemExit(f"{job['error']['code']}: {job['error']['message']}")

image = job["images"][0]
content = requests.get(image["url"], timeout=60).content  # a signed link: it needs no key
if hashlib.sha256(content).hexdigest() != image["sha256"]:
    raise SystemExit("the picture came damaged")
with open("poster.webp", "wb") as file:
    file.write(content)
