-- Writes a file's record and its place in the lists, or finds the file that this Idempotency-Key made. From here on its
-- bytes are wanted: they are no longer due to be removed, or not before the file ends.
-- Answers {'saved' | 'existing' | 'conflict', id}.
local id, project, key, bytes, filename, purpose = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local created, expires = ARGV[7], ARGV[8]
local idempotency, fingerprint, keyTtl = ARGV[9], ARGV[10], ARGV[11]

-- A client whose connection broke sends its command again: the first time counted.
if redis.call('EXISTS', P .. 'file:' .. id) == 1 then return { 'saved', id } end

if idempotency ~= '' then
  local known = redis.call('HMGET', P .. 'idempotency:' .. idempotency, 'ref', 'fingerprint')
  if known[1] then return { known[2] == fingerprint and 'existing' or 'conflict', known[1] } end
  redis.call('HSET', P .. 'idempotency:' .. idempotency, 'ref', id, 'fingerprint', fingerprint)
  redis.call('PEXPIRE', P .. 'idempotency:' .. idempotency, keyTtl)
end

redis.call('HSET', P .. 'file:' .. id, 'project', project, 'key', key, 'bytes', bytes, 'filename', filename,
  'purpose', purpose, 'created', created, 'expires', expires)
redis.call('ZADD', P .. 'files:' .. project, created, id)
redis.call('ZADD', P .. 'files:' .. project .. ':' .. purpose, created, id)
if expires == '' then
  redis.call('ZREM', P .. 'file-ends', id .. ' ' .. key)
else
  redis.call('ZADD', P .. 'file-ends', expires, id .. ' ' .. key)
end
return { 'saved', id }
