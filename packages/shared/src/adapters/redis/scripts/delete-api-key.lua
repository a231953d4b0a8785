-- Revokes an API key: neither its secret nor the one before leads anywhere from here on. Answers 1 where it was there.
local id, project = ARGV[1], ARGV[2]
local key = P .. 'api-key:' .. id
local digests = redis.call('HMGET', key, 'digest', 'previous')
for i = 1, 2 do
  if digests[i] then redis.call('DEL', P .. 'api-key-of:' .. digests[i]) end
end
redis.call('ZREM', P .. 'api-keys', id)
redis.call('ZREM', P .. 'api-keys:' .. project, id)
redis.call('PUBLISH', P .. 'keys', id)
return redis.call('DEL', key, key .. ':spent', key .. ':open', orderedKey(id), underWayKey(id))
