-- Takes a file out of the lists; its bytes are due to be removed from now on, whoever dies before that is done.
local id, key = ARGV[1], ARGV[2]
local row = redis.call('HMGET', P .. 'file:' .. id, 'project', 'purpose')
if row[1] then
  redis.call('ZREM', P .. 'files:' .. row[1], id)
  redis.call('ZREM', P .. 'files:' .. row[1] .. ':' .. row[2], id)
  redis.call('DEL', P .. 'file:' .. id)
end
redis.call('ZADD', P .. 'file-ends', 0, id .. ' ' .. key)
return row[1] and 1 or 0
