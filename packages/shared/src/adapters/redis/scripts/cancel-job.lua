-- A user's cancel. A queued job is cancelled here and now; one in progress is asked to end after the call it pays for.
-- The event was made from a version of the job: where that is not the present one, 'changed' asks for another try.
local id, version, failure, ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local event, kind, data, record, cost = ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9]
local key = jobKey(id)
local job = redis.call('HMGET', key, 'status', 'version', 'project', 'url')
if job[1] == 'in_progress' then
  redis.call('HSET', key, 'cancel', '1')
  redis.call('HINCRBY', key, 'version', 1)
  return 'requested'
end
if job[1] ~= 'queued' then return 'terminal' end
if job[2] ~= version then return 'changed' end
-- What is paid is stored first, by a worker: it needs to come to the job at once.
for n = 1, tonumber(redis.call('HGET', key, 'attempts')) do
  if redis.call('HEXISTS', key, 'c:' .. n) == 1 then
    redis.call('HSET', key, 'cancel', '1')
    redis.call('HINCRBY', key, 'version', 1)
    redis.call('ZADD', P .. 'due', now(), id)
    redis.call('PUBLISH', P .. 'wake', 'due')
    return 'requested'
  end
end
redis.call('HSET', key, 'error', failure, 'completed', now())
redis.call('HINCRBY', key, 'run', 1)
redis.call('ZREM', P .. 'due', id)
redis.call('ZREM', P .. 'deadlines', id)
setStatus(id, 'cancelled')
redis.call('PEXPIRE', key, ttl)
emit(job[3], event, kind, data, job[4], ttl)
if record ~= '' then endLine(id, 'cancelled', record, cjson.decode(cost)) end
redis.call('PUBLISH', P .. 'done', id)
return 'cancelled'
