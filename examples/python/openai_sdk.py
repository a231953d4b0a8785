"""OpenAI's SDK as it comes from PyPI: only base_url and api_key are Rendermill's.

    pip install openai
    python3 openai_sdk.py                   -> mug.png, mug-blue.png
"""

import base64
import os

from openai import OpenAI

client = OpenAI(
    base_url=os.environ.get("RENDERMILL_URL", "http://127.0.0.1:8080") + "/v1",
    api_key=os.environ["RENDERMILL_API_KEY"],
)

made = client.images.generate(model="gpt-image-1", prompt="A red enamel mug, white studio", quality="low")
with open("mug.png", "wb") as file:
    file.write(base64.b64decode(made.data[0].b64_json))

with open("mug.png", "rb") as image:
    edited = client.images.edit(model="gpt-image-1", image=image, prompt="The same mug in blue", quality="low")
with open("mug-blue.png", "wb") as file:
    file.write(base64.b64decode(edited.data[0].b64_json))
