-- A new signing secret for an endpoint; the old one goes on signing beside it until its time is over ('0': not at all).
-- Answers {'saved' | 'existing' | 'conflict' | 'gone'}; `existing`: this Idempotency-Key rotated it before.
-- ARGV: endpoint, sealed secret, hint, time of the change, overlap in ms, idempotency key, fingerprint, how long a key is kept.
local id, secret, hint, updated, overlap = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local idempotency, fingerprint, keyTtl = ARGV[6], ARGV[7], ARGV[8]
local key = P .. 'endpoint:' .. id
if redis.call('EXISTS', key) == 0 then return 'gone' end
if idempotency ~= '' then
  local known = redis.call('HMGET', P .. 'idempotency:' .. idempotency, 'ref', 'fingerprint')
  if known[1] then return known[2] == fingerprint and 'existing' or 'conflict' end
  redis.call('HSET', P .. 'idempotency:' .. idempotency, 'ref', id, 'fingerprint', fingerprint)
  redis.call('PEXPIRE', P .. 'idempotency:' .. idempotency, keyTtl)
end
local row = redis.call('HMGET', key, 'secret', 'old')
local kept = {}
if overlap > 0 then
  kept[1] = { secret = row[1], ends = now() + overlap }
  for _, old in ipairs(cjson.decode(row[2] or '[]')) do
    if old.ends > now() and #kept < 4 then kept[#kept + 1] = old end
  end
end
redis.call('HSET', key, 'secret', secret, 'hint', hint, 'updated', updated, 'old', #kept > 0 and cjson.encode(kept) or '[]')
return 'saved'
