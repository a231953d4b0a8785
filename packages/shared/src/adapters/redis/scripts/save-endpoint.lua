-- Writes a webhook endpoint, or finds the one that this Idempotency-Key made. A change is of one that is there: it does
-- not bring back what was deleted meanwhile, and leaves alone what it does not name.
-- Answers {'saved' | 'existing' | 'conflict' | 'gone' | 'full', id}.
-- ARGV: id, project, idempotency key, fingerprint, how long a key is kept, 1 for a change, how many a project may have, then
-- fields and values.
local id, project = ARGV[1], ARGV[2]
local idempotency, fingerprint, keyTtl, change, most = ARGV[3], ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7])
local key = P .. 'endpoint:' .. id
if idempotency ~= '' then
  local known = redis.call('HMGET', P .. 'idempotency:' .. idempotency, 'ref', 'fingerprint')
  if known[1] then return { known[2] == fingerprint and 'existing' or 'conflict', known[1] } end
end
if change == '1' and redis.call('EXISTS', key) == 0 then return { 'gone', id } end
-- Each event asks all of them.
if change ~= '1' and redis.call('ZCARD', P .. 'endpoints:' .. project) >= most then return { 'full', id } end
if idempotency ~= '' then
  redis.call('HSET', P .. 'idempotency:' .. idempotency, 'ref', id, 'fingerprint', fingerprint)
  redis.call('PEXPIRE', P .. 'idempotency:' .. idempotency, keyTtl)
end
local was = redis.call('HMGET', key, 'enabled', 'url')
redis.call('HSET', key, 'project', project)
for i = 8, #ARGV, 2 do redis.call('HSET', key, ARGV[i], ARGV[i + 1]) end
local row = redis.call('HMGET', key, 'enabled', 'created', 'url')
-- How the old URL took it says nothing of the new one.
if was[2] and was[2] ~= row[3] then redis.call('DEL', P .. 'failing:' .. id, P .. 'slow:' .. id) end
if row[1] == '1' and was[1] == '0' then
  redis.call('HDEL', key, 'disabled', 'reason')
  redis.call('DEL', P .. 'failing:' .. id)
elseif row[1] == '0' and was[1] == '1' then
  redis.call('HSET', key, 'disabled', now(), 'reason', 'asked')
end
-- What waits is looked at anew: it may go faster now, or nowhere.
if redis.call('EXISTS', P .. 'outbox:' .. id) == 1 then
  redis.call('DEL', P .. 'turn:' .. id)
  redis.call('ZADD', P .. 'outbox', now(), id)
  redis.call('PUBLISH', P .. 'wake', 'outbox')
end
redis.call('SADD', P .. 'projects', project)
redis.call('ZADD', P .. 'endpoints:' .. project, row[2], id)
return { 'saved', id }
