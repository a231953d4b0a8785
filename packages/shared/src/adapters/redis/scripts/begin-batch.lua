-- What the validation of a batch came to: it runs, or it has failed for faults of its input. By the leader.
-- Answers 1, or 0 where the caller leads no more or the batch is not to be validated (any more).
-- ARGV: worker, batch, next status, total, byte offsets of every so-manieth line, faults, event id, type, data, retention.
local worker, id, status, total, index, faults = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local event, kind, data, retention = ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local key = batchKey(id)
if not leads(worker) then return 0 end
local row = redis.call('HMGET', key, 'status', 'project', 'url')
if row[1] ~= 'validating' then return 0 end
redis.call('HSET', key, 'status', status, 'at:' .. status, now(), 'total', total, 'faults', faults)
redis.call('HINCRBY', key, 'version', 1)
if status == 'in_progress' then
  redis.call('SET', key .. ':index', index)
else
  redis.call('ZREM', P .. 'batches-active', id)
  for _, part in ipairs({ '', ':index' }) do redis.call('PEXPIRE', key .. part, retention) end
end
emit(row[2], event, kind, data, row[3], retention)
redis.call('PUBLISH', P .. 'changed', id)
return 1
