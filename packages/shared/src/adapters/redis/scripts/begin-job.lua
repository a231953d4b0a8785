-- Makes a worker the owner of a queued job: the fenced begin. Answers the job, or why not.
-- `beginning` names this asking: where a broken connection asks again, the owner is told again. A worker that is handed the
-- entry of a job it works on asks anew, and is refused.
local id, generation, run, worker, beginning = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local key = jobKey(id)
local job = redis.call('HMGET', key, 'status', 'generation', 'run', 'worker', 'beginning')
if not job[1] then return 'gone' end
-- An entry of an older run: another entry stands for the job now.
if job[2] ~= generation or job[3] ~= run then return 'stale' end
if job[1] == 'in_progress' then
  if job[4] == worker and job[5] == beginning then return redis.call('HGETALL', key) end
  return 'owned'
end
if job[1] ~= 'queued' then return 'terminal' end
redis.call('HINCRBY', key, 'fence', 1)
redis.call('HSET', key, 'worker', worker, 'beginning', beginning)
redis.call('HSETNX', key, 'started', now())
redis.call('HDEL', key, 'due')
redis.call('SADD', P .. 'held:' .. worker, id)
redis.call('ZREM', P .. 'due', id)
setStatus(id, 'in_progress')
return redis.call('HGETALL', key)
