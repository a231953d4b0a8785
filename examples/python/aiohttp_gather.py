"""Five pictures at once with aiohttp: Rendermill queues them and keeps to the provider's limits.

    pip install aiohttp
    python3 aiohttp_gather.py               -> style-0.png … style-4.png
"""

import asyncio
import base64
import os

import aiohttp

BASE = os.environ.get("RENDERMILL_URL", "http://127.0.0.1:8080")
HEADERS = {"Authorization": f"Bearer {os.environ['RENDERMILL_API_KEY']}"}
STYLES = ["minimalist", "modern", "vintage", "playful", "professional"]


async def draw(session: aiohttp.ClientSession, number: int, style: str) -> None:
    body = {"model": "gpt-image-1", "prompt": f"A {style} logo for a tea house", "quality": "low"}
    # A call that is not done after four minutes is answered 503 job_in_progress: the same request again waits on,
    # and nothing is bought twice.
    while True:
        async with session.post(f"{BASE}/v1/images/generations", json=body) as answer:
            result = await answer.json()
        if answer.status != 503 or result["error"]["code"] != "job_in_progress":
            break
        await asyncio.sleep(int(answer.headers.get("Retry-After", 1)))
    if answer.status != 200:
        raise SystemExit(f"{answer.status} {result['error']['code']}: {result['error']['message']}")
    with open(f"style-{number}.png", "wb") as file:
        file.write(base64.b64decode(result["data"][0]["b64_json"]))


async def main() -> None:
    timeout = aiohttp.ClientTimeout(total=600)
    async with aiohttp.ClientSession(headers=HEADERS, timeout=timeout) as session:
        await asyncio.gather(*(draw(session, number, style) for number, style in enumerate(STYLES)))


asyncio.run(main())
