-- Deliveries that are due, each lent to the caller for a moment. Answers { {id, attempt number}, … } and when the next is due.
local limit, loan = tonumber(ARGV[1]), tonumber(ARGV[2])
local at = now()
local found = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'outbox', '-inf', at, 'LIMIT', 0, limit)) do
  local row = redis.call('HMGET', P .. 'delivery:' .. id, 'status', 'made')
  if row[1] == 'pending' then
    redis.call('ZADD', P .. 'outbox', at + loan, id)
    found[#found + 1] = { id, row[2] or '0' }
  else
    redis.call('ZREM', P .. 'outbox', id)
  end
end
local following = redis.call('ZRANGE', P .. 'outbox', 0, 0, 'WITHSCORES')
return { found, following[2] and math.max(0, tonumber(following[2]) - at) or -1 }
