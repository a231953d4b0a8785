-- Makes deliveries due once more, from the beginning of the schedule. A try under way is only noted when it ends.
-- ARGV: endpoint ('url': webhook_url), project, the status that they must have ('': any), then the deliveries. Answers how
-- many.
local project, wanted, count = ARGV[2], ARGV[3], 0
for i = 4, #ARGV do
  local key = P .. 'delivery:' .. ARGV[i]
  local row = redis.call('HMGET', key, 'project', 'endpoint', 'event', 'target', 'status')
  local event = P .. 'event:' .. (row[3] or '')
  if row[1] == project and row[2] == ARGV[1] and (wanted == '' or row[5] == wanted)
    and redis.call('EXISTS', event) == 1 then
    redis.call('HSET', key, 'status', 'pending', 'made', 0, 'next', now())
    redis.call('HINCRBY', key, 'taken', 1)
    redis.call('ZREM', P .. 'flying:' .. row[4], ARGV[i])
    landed(project, ARGV[i])
    -- Its tries may go on for days.
    for _, kept in ipairs({ key, event }) do
      if redis.call('PTTL', kept) < EVENT_MS then redis.call('PEXPIRE', kept, EVENT_MS) end
    end
    deliverAt(ARGV[i], row[4], now())
    count = count + 1
  end
end
redis.call('PUBLISH', P .. 'wake', 'outbox')
return count
