-- A user's retry of an ended batch: lines that came to nothing are run again, in a new generation. Which ones the leader
-- finds out by their records; what was never begun is, where the filter is for all or for its reason.
-- Answers {done, status}. ARGV: batch, error code ('': all), new max_cost in micro-dollars ('': as it was).
local id, code, maxCost = ARGV[1], ARGV[2], ARGV[3]
local key = batchKey(id)
local row = redis.call('HMGET', key, 'status', 'rest', 'left', 'project', 'cursor', 'total')
local status, rest = row[1], row[2] or ''
if not status then return { 0, 'gone' } end
if status ~= 'completed' and status ~= 'expired' and status ~= 'cancelled' then return { 0, status } end
redis.call('HINCRBY', key, status == 'cancelled' and 'cancelled' or 'failed', 0 - tonumber(row[3] or '0'))
redis.call('HDEL', key, 'left', 'output', 'errors', 'at:finalizing', 'at:completed', 'at:expired', 'at:cancelled', 'at:cancelling')
local all = code == '' or code == rest
redis.call('HSET', key, 'status', 'in_progress', 'retry', code, 'rest', all and '' or rest, 'rest_kept', all and '' or '1')
-- A deadline that has passed was that of an earlier generation.
redis.call('HSET', key, 'deadline', 'none')
if maxCost ~= '' then redis.call('HSET', key, 'max_cost', maxCost) end
redis.call('HINCRBY', key, 'generation', 1)
redis.call('HINCRBY', key, 'version', 1)
for _, part in ipairs({ '', ':index', ':states', ':parts' }) do redis.call('PERSIST', key .. part) end
redis.call('ZADD', P .. 'batches-active', now(), id)
redis.call('PUBLISH', P .. 'wake', 'batches')
redis.call('PUBLISH', P .. 'changed', id)
return { 1, 'in_progress' }
