#!/bin/sh
# One picture by curl: ask for a link, then fetch it.
#
#   sh generate.sh             → vase.json, vase.png
set -eu
: "${RENDERMILL_URL:=http://127.0.0.1:8080}"

curl -sS --fail-with-body "$RENDERMILL_URL/v1/images/generations" \
  -H "Authorization: Bearer $RENDERMILL_API_KEY" \
  -H 'Content-Type: application/json' \
  -d '{"model": "gpt-image-1", "prompt": "A blue ceramic vase", "quality": "low", "response_format": "url"}' \
  -o vase.json

# The link needs no key; with -L it may lead into a bucket.
curl -sSL --fail "$(sed 's/.*"url":"\([^"]*\)".*/\1/' vase.json)" -o vase.png
