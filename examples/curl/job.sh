#!/bin/sh
# A job by curl: submit, wait, fetch the picture with the key.
#
#   sh job.sh                  → chair.png
set -eu
: "${RENDERMILL_URL:=http://127.0.0.1:8080}"
key="Authorization: Bearer $RENDERMILL_API_KEY"

id=$(curl -sS --fail-with-body "$RENDERMILL_URL/v1/jobs" -H "$key" -H 'Content-Type: application/json' \
  -d '{"type": "generation", "model": "gpt-image-1", "prompt": "An oak chair, white studio", "quality": "low"}' |
  sed 's/^{"id":"\([^"]*\)".*/\1/')

# Each request is held until the job has ended, for at most 60 seconds.
status=queued
while [ "$status" = queued ] || [ "$status" = in_progress ]; do
  status=$(curl -sS --fail-with-body "$RENDERMILL_URL/v1/jobs/$id?wait=60" -H "$key" |
    sed 's/.*"status":"\([a-z_]*\)".*/\1/')
done
echo "$id $status"

curl -sSL --fail-with-body "$RENDERMILL_URL/v1/jobs/$id/images/0" -H "$key" -o chair.png
