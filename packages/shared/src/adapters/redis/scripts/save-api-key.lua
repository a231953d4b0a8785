-- Writes an API key, or gives one another secret (`change` is '1'), or finds what this Idempotency-Key did. Of a key only
-- digests are kept: `api-key-of:<digest>` leads to it. After a rotation the secret before works for `overlap` ms; one
-- before that ends. Answers {'saved' | 'existing' | 'conflict' | 'gone', id}.
local id, row, project, created, digest = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local change, overlap = ARGV[6], tonumber(ARGV[7])
local idempotency, fingerprint, keyTtl = ARGV[8], ARGV[9], ARGV[10]
local key = P .. 'api-key:' .. id
local function leads(to) return P .. 'api-key-of:' .. to end

local present = redis.call('HMGET', key, 'digest', 'previous')
-- A client whose connection broke sends its command again: the first time counted.
if present[1] == digest then return { 'saved', id } end
if idempotency ~= '' then
  local known = redis.call('HMGET', P .. 'idempotency:' .. idempotency, 'ref', 'fingerprint')
  if known[1] then return { known[2] == fingerprint and 'existing' or 'conflict', known[1] } end
end
if change == '1' then
  if not present[1] then return { 'gone', id } end
  if present[2] then redis.call('DEL', leads(present[2])) end
  if overlap > 0 then redis.call('PEXPIRE', leads(present[1]), overlap) else redis.call('DEL', leads(present[1])) end
  redis.call('HSET', key, 'previous', present[1])
end
if idempotency ~= '' then
  redis.call('HSET', P .. 'idempotency:' .. idempotency, 'ref', id, 'fingerprint', fingerprint)
  redis.call('PEXPIRE', P .. 'idempotency:' .. idempotency, keyTtl)
end
redis.call('HSET', key, 'row', row, 'digest', digest)
redis.call('SET', leads(digest), id)
redis.call('SADD', P .. 'projects', project)
redis.call('ZADD', P .. 'api-keys', created, id)
redis.call('ZADD', P .. 'api-keys:' .. project, created, id)
redis.call('PUBLISH', P .. 'keys', id)
return { 'saved', id }
