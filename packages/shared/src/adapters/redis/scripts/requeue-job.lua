-- Gives a job back to the queue, after a while, with what is known by now. A new run makes older entries void.
-- Answers the run, 'fenced', or 'cancelled' where the user has asked for an end meanwhile.
local id, fence, delay = ARGV[1], ARGV[2], tonumber(ARGV[3])
local stage, class, inputs, mask = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local tries, failure, entryGrace, classRow = ARGV[8], ARGV[9], tonumber(ARGV[10]), ARGV[11]
if not owns(id, fence) then return 'fenced' end
local key = jobKey(id)
if redis.call('HGET', key, 'cancel') == '1' then return 'cancelled' end
drop(id)
redis.call('HSET', P .. 'classes', class, classRow)
local due = now() + delay
redis.call('HSET', key, 'stage', stage, 'class', class, 'inputs', inputs, 'mask', mask,
  'tries', tries, 'error', failure, 'due', due)
local run = redis.call('HINCRBY', key, 'run', 1)
setStatus(id, 'queued')
-- Where it is due now, the caller adds the entry; should it die first, the feeder does.
redis.call('ZADD', P .. 'due', delay > 0 and due or due + entryGrace, id)
if delay > 0 then redis.call('PUBLISH', P .. 'wake', 'due') end
return run
