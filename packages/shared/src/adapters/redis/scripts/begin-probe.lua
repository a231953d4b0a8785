-- Begins a probe, or answers the one that is there: of this Idempotency-Key, or still running at the account.
-- ARGV: account, probe id, probe, hashed Idempotency-Key ('': none), fingerprint, how long the key is kept, and the probe.
-- Answers {how, probe id}.
local account, id, probe = ARGV[1], ARGV[2], ARGV[3]
local idempotency, fingerprint, keyTtl, ttl = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
if idempotency ~= '' then
  local known = redis.call('HMGET', P .. 'idempotency:' .. idempotency, 'ref', 'fingerprint')
  if known[1] then return { known[2] == fingerprint and 'existing' or 'conflict', known[1] } end
end
local key = P .. 'account:' .. account .. ':probe'
local present = redis.call('GET', key)
if present then
  local old = cjson.decode(present)
  if old.status == 'running' then return { 'running', old.id } end
end
redis.call('SET', key, probe, 'PX', ttl)
redis.call('SADD', P .. 'probes', account)
if idempotency ~= '' then
  redis.call('HSET', P .. 'idempotency:' .. idempotency, 'ref', id, 'fingerprint', fingerprint)
  redis.call('PEXPIRE', P .. 'idempotency:' .. idempotency, keyTtl)
end
redis.call('PUBLISH', P .. 'wake', 'probe')
return { 'begun', id }
