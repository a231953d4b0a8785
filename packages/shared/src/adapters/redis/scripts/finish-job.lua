-- Ends a job, with its event in the outbox, and its line where it is one of a batch: the fenced finish. Answers 1, or 0 where the caller owns it no more.
local id, fence, status = ARGV[1], ARGV[2], ARGV[3]
local usage, effective, failure = ARGV[4], ARGV[5], ARGV[6]
local ttl, event, kind, data = ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local record, cost = ARGV[11], ARGV[12]
local key = jobKey(id)
if not owns(id, fence) then
  -- A client whose connection broke sends its command again: the first time counted.
  local job = redis.call('HMGET', key, 'status', 'fence', 'ended_by')
  return job[1] == status and job[2] == fence and job[3] == fence and 1 or 0
end
drop(id)
redis.call('HSET', key, 'usage', usage, 'effective', effective, 'error', failure, 'completed', now(),
  'ended_by', fence)
redis.call('ZREM', P .. 'deadlines', id)
setStatus(id, status)
redis.call('PEXPIRE', key, ttl)
local row = redis.call('HMGET', key, 'project', 'url')
emit(row[1], event, kind, data, row[2], ttl)
if record ~= '' then endLine(id, status, record, cjson.decode(cost)) end
redis.call('PUBLISH', P .. 'done', id)
return 1
