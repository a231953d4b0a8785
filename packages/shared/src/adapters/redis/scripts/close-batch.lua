-- A batch's files lie in the bucket: its end, with its event. By the leader. Answers 1 or 0.
-- ARGV: worker, batch, end, output file, error file ('': none), lines that were never begun, event id, type, data, retention.
local worker, id, status, output, errors, left = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local event, kind, data, retention = ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local key = batchKey(id)
if not leads(worker) then return 0 end
local row = redis.call('HMGET', key, 'status', 'project', 'url')
if row[1] ~= 'finalizing' and row[1] ~= 'cancelling' then return 0 end
redis.call('HSET', key, 'status', status, 'at:' .. status, now(), 'output', output, 'errors', errors, 'left', left)
redis.call('HDEL', key, 'retry')
-- A retry's lines that were not run again failed before, and are found by the next.
local again = status == 'cancelled' and tonumber(redis.call('HGET', key, 'again') or '0') or left
redis.call('HINCRBY', key, 'failed', again)
redis.call('HINCRBY', key, 'cancelled', left - again)
redis.call('HSET', key, 'left_failed', again)
redis.call('HINCRBY', key, 'version', 1)
redis.call('ZREM', P .. 'batches-active', id)
for _, part in ipairs({ '', ':index', ':states', ':parts', ':kept', ':usage' }) do redis.call('PEXPIRE', key .. part, retention) end
emit(row[2], event, kind, data, row[3], retention)
redis.call('PUBLISH', P .. 'changed', id)
return 1
