-- Brings an endpoint what it did not get of these events: deliveries that failed are due again, those that were never
-- made (it was disabled, or did not ask for the type yet) are made. What was delivered or is on its way stays as it is.
-- ARGV: endpoint, project, the oldest time (ms), then the events. Answers how many deliveries are due.
local id, project, since = ARGV[1], ARGV[2], tonumber(ARGV[3])
local row = redis.call('HMGET', P .. 'endpoint:' .. id, 'project', 'enabled', 'types', 'url')
local count = 0
if row[1] ~= project or row[2] ~= '1' then return 0 end
for i = 4, #ARGV do
  local event = redis.call('HMGET', P .. 'event:' .. ARGV[i], 'type', 'created')
  local key = P .. 'delivery:' .. ARGV[i] .. '-' .. id
  local status = redis.call('HGET', key, 'status')
  if event[1] and tonumber(event[2]) >= since and string.find(row[3], ' ' .. event[1] .. ' ', 1, true)
    and (not status or status == 'failed') then
    local at = now()
    local ttl = math.max(redis.call('PTTL', P .. 'event:' .. ARGV[i]), EVENT_MS)
    redis.call('PEXPIRE', P .. 'event:' .. ARGV[i], ttl)
    if status then
      redis.call('HSET', key, 'status', 'pending', 'made', 0, 'next', at)
      redis.call('HINCRBY', key, 'taken', 1)
      redis.call('PEXPIRE', key, ttl)
      deliverAt(ARGV[i] .. '-' .. id, id, at)
    else
      deliver(project, ARGV[i], id, row[4], at, ttl)
    end
    count = count + 1
  end
end
if count > 0 then redis.call('PUBLISH', P .. 'wake', 'outbox') end
return count
