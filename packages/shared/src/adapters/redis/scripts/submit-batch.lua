-- Writes a new batch, or finds the one that this Idempotency-Key made. Answers {'created' | 'existing' | 'conflict', id}.
local id, spec, project, created = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local idempotency, fingerprint, keyTtl, url = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local key = batchKey(id)
-- A client whose connection broke sends its command again: the first time counted.
if redis.call('EXISTS', key) == 1 then return { 'created', id } end
if idempotency ~= '' then
  local known = redis.call('HMGET', P .. 'idempotency:' .. idempotency, 'ref', 'fingerprint')
  if known[1] then return { known[2] == fingerprint and 'existing' or 'conflict', known[1] } end
  redis.call('HSET', P .. 'idempotency:' .. idempotency, 'ref', id, 'fingerprint', fingerprint)
  redis.call('PEXPIRE', P .. 'idempotency:' .. idempotency, keyTtl)
end
redis.call('HSET', key, 'spec', spec, 'project', project, 'url', url, 'status', 'validating', 'at:validating', created, 'generation', 1,
  'total', 0, 'cursor', 0, 'offset', 0, 'completed', 0, 'failed', 0, 'cancelled', 0, 'version', 0)
redis.call('SADD', P .. 'projects', project)
redis.call('ZADD', P .. 'batches:' .. project, created, id)
redis.call('ZADD', P .. 'batches-active', created, id)
redis.call('PUBLISH', P .. 'wake', 'batches')
return { 'created', id }
