#!/bin/sh
# Several photos into one scene by curl, as a form. One photo goes as image or as image[], both are fine.
#
#   sh edit.sh photo.png …     → scene.json, scene.png
set -eu
: "${RENDERMILL_URL:=http://127.0.0.1:8080}"

photos=$#
while [ "$photos" -gt 0 ]; do
  set -- "$@" -F "image[]=@$1"
  shift
  photos=$((photos - 1))
done

curl -sS --fail-with-body "$RENDERMILL_URL/v1/images/edits" \
  -H "Authorization: Bearer $RENDERMILL_API_KEY" \
  "$@" \
  -F model=gpt-image-1 \
  -F quality=low \
  --form-string 'prompt=All of these in one gift basket; soft daylight' \
  -o scene.json

sed 's/.*"b64_json":"\([^"]*\)".*/\1/' scene.json | base64 -d > scene.png
