-- The same secret under another seal, where nobody has changed it meanwhile. Answers 1 or 0.
-- ARGV: the key where it lies (an endpoint's hash, which may have old ones too, or a text), sealed as it was read, sealed anew.
local key, was, fresh = P .. ARGV[1], ARGV[2], ARGV[3]
if redis.call('TYPE', key).ok ~= 'hash' then
  if redis.call('GET', key) ~= was then return 0 end
  redis.call('SET', key, fresh)
  return 1
end
if redis.call('HGET', key, 'secret') == was then
  redis.call('HSET', key, 'secret', fresh)
  return 1
end
local old = cjson.decode(redis.call('HGET', key, 'old') or '[]')
for _, one in ipairs(old) do
  if one.secret == was then
    one.secret = fresh
    redis.call('HSET', key, 'old', cjson.encode(old))
    return 1
  end
end
return 0
