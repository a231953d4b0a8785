#!/bin/sh
# A catalogue by curl: upload a CSV, see what it would cost, render a picture for each row, fetch them all.
#
#   sh catalogue.sh shopify-products.csv studio-photos.json
#                              → results.csv, product-1.png, product-2.png …, by the row of the CSV
set -eu
: "${RENDERMILL_URL:=http://127.0.0.1:8080}"
key="Authorization: Bearer $RENDERMILL_API_KEY"
json='Content-Type: application/json'

file=$(curl -sS --fail-with-body "$RENDERMILL_URL/v1/files" -H "$key" -F purpose=batch -F "file=@$1" |
  sed 's/.*"id":"\([^"]*\)".*/\1/')
body=$(printf '{"input_file_id": "%s", "template": %s, "max_cost": 5}' "$file" "$(cat "$2")")

# Nothing is stored or bought by these two: the first rows as they would be sent, and what all would cost.
curl -sS --fail-with-body "$RENDERMILL_URL/v1/batches/preview?limit=2" -H "$key" -H "$json" -d "$body"
echo
curl -sS --fail-with-body "$RENDERMILL_URL/v1/estimates" -H "$key" -H "$json" -d "$body"
echo

# Sent again under the same Idempotency-Key this is the same batch.
id=$(curl -sS --fail-with-body "$RENDERMILL_URL/v1/batches" -H "$key" -H "$json" -H "Idempotency-Key: $file" -d "$body" |
  sed 's/^{"id":"\([^"]*\)".*/\1/')

# Each request is held until the batch has ended, for at most 60 seconds.
status=validating
while case $status in validating | in_progress | finalizing) true ;; *) false ;; esac; do
  status=$(curl -sS --fail-with-body "$RENDERMILL_URL/v1/batches/$id?wait=60" -H "$key" |
    sed 's/.*"status":"\([a-z_]*\)".*/\1/')
done
echo "$id $status"
if [ "$status" != completed ]; then
  curl -sS --fail-with-body "$RENDERMILL_URL/v1/batches/$id" -H "$key" >&2
  exit 1
fi

# The table says what came of each row. The links in it need no key; with -L they may lead into a bucket.
curl -sS --fail-with-body "$RENDERMILL_URL/v1/batches/$id/results?format=csv" -H "$key" -o results.csv
curl -sS --fail-with-body "$RENDERMILL_URL/v1/batches/$id/results" -H "$key" |
  sed -n 's/^{"line":\([0-9]*\),.*"url":"\([^"]*\)".*/\1 \2/p' |
  while read -r line url; do
    curl -sSL --fail "$url" -o "product-$line.png"
  done
