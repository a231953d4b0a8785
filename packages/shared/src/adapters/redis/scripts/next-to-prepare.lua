-- A place is free again: the first in the project's line gets an entry, behind what the queue holds. Answers 1, or 0 where
-- nobody waits.
while true do
  local id = redis.call('ZPOPMIN', P .. 'to-prepare:' .. ARGV[1])[1]
  if not id then return 0 end
  local job = redis.call('HMGET', jobKey(id), 'status', 'stage')
  -- Not one that was cancelled, or that the feeder has called up meanwhile.
  if job[1] == 'queued' and job[2] == 'prepare' then
    redis.call('ZADD', P .. 'due', now(), id)
    redis.call('PUBLISH', P .. 'wake', 'due')
    return 1
  end
end
