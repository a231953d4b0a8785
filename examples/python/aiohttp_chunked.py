"""A photo edited with aiohttp while it is still being read: a form in chunks, whose length nobody knows beforehand.

    pip install aiohttp
    python3 aiohttp_chunked.py photo.png    -> night.png
"""

import asyncio
import base64
import os
import sys
from collections.abc import AsyncIterator

import aiohttp

BASE = os.environ.get("RENDERMILL_URL", "http://127.0.0.1:8080")
HEADERS = {"Authorization": f"Bearer {os.environ['RENDERMILL_API_KEY']}"}


async def pieces(path: str) -> AsyncIterator[bytes]:
    with open(path, "rb") as file:
        while piece := file.read(16 * 1024):
            yield piece


async def main(path: str) -> None:
    form = aiohttp.FormData()
    form.add_field("image", pieces(path), filename=os.path.basename(path), content_type="image/png")
    form.add_field("model", "gpt-image-1")
    form.add_field("prompt", "The same scene at night")
    form.add_field("quality", "low")
    timeout = aiohttp.ClientTimeout(total=600)
    async with aiohttp.ClientSession(headers=HEADERS, timeout=timeout) as session:
        async with session.post(f"{BASE}/v1/images/edits", data=form) as answer:
            result = await answer.json()
            if not answer.ok:
                raise SystemExit(f"{answer.status} {result['error']['code']}: {result['error']['message']}")
    with open("night.png", "wb") as file:
        file.write(base64.b64decode(result["data"][0]["b64_json"]))


asyncio.run(main(sys.argv[1]))
