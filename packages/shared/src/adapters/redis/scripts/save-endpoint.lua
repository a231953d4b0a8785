-- Writes a webhook endpoint, or finds the one that this Idempotency-Key made. A change is of one that is there: it does
-- not bring back what was deleted meanwhile. Answers {'saved' | 'existing' | 'conflict' | 'gone', id}.
local id, project, created = ARGV[1], ARGV[2], ARGV[3]
local row, enabled, types, url = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local idempotency, fingerprint, keyTtl, change = ARGV[8], ARGV[9], ARGV[10], ARGV[11]
if idempotency ~= '' then
  local known = redis.call('HMGET', P .. 'idempotency:' .. idempotency, 'ref', 'fingerprint')
  if known[1] then return { known[2] == fingerprint and 'existing' or 'conflict', known[1] } end
end
if change == '1' and redis.call('EXISTS', P .. 'endpoint:' .. id) == 0 then return { 'gone', id } end
if idempotency ~= '' then
  redis.call('HSET', P .. 'idempotency:' .. idempotency, 'ref', id, 'fingerprint', fingerprint)
  redis.call('PEXPIRE', P .. 'idempotency:' .. idempotency, keyTtl)
end
redis.call('HSET', P .. 'endpoint:' .. id, 'row', row, 'project', project, 'enabled', enabled, 'types', types, 'url', url)
redis.call('ZADD', P .. 'endpoints:' .. project, created, id)
return { 'saved', id }
