-- Jobs that need a queue entry now. Each is lent to the caller for a moment; 'entries-added' ends it.
local limit, loan = tonumber(ARGV[1]), tonumber(ARGV[2])
local at = now()
local found = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'due', '-inf', at, 'LIMIT', 0, limit)) do
  local job = redis.call('HMGET', jobKey(id), 'status', 'generation', 'run', 'stage', 'class', 'priority')
  if job[1] == 'queued' then
    redis.call('ZADD', P .. 'due', at + loan, id)
    found[#found + 1] = { id, job[2], job[3], job[4], job[5], job[6] }
  else
    redis.call('ZREM', P .. 'due', id)
  end
end
local following = redis.call('ZRANGE', P .. 'due', 0, 0, 'WITHSCORES')
return { found, following[2] and math.max(0, tonumber(following[2]) - at) or -1 }
