-- A user's retry of an ended batch: lines that came to nothing are run again, in a new generation. Which ones the leader
-- finds out by their records; what was never begun is, where the filter is for all or for its reason.
-- Answers 'retried', 'existing' or 'conflict' (by the Idempotency-Key), the status that stands in the way, or {'over_limit',
-- what of the API key's spend limit is taken}.
-- ARGV: batch, error code ('': all), new max_cost in micro-dollars ('': as it was), Idempotency-Key ('': none), fingerprint,
-- how long the key is remembered (ms), API key, its spend limit in micro-dollars ('': none): then the new max_cost is at most
-- what is left of it, set aside in this same step, since what is set aside for what has ended is let go by whoever looks next.
local id, code, maxCost = ARGV[1], ARGV[2], ARGV[3]
local idempotency, fingerprint, keyTtl = ARGV[4], ARGV[5], ARGV[6]
local apiKey, spendLimit = ARGV[7], ARGV[8]
local key = batchKey(id)
if idempotency ~= '' then
  local known = redis.call('HMGET', P .. 'idempotency:' .. idempotency, 'ref', 'fingerprint')
  if known[1] then return known[2] == fingerprint and 'existing' or 'conflict' end
end
local row = redis.call('HMGET', key, 'status', 'rest', 'left', 'left_failed', 'at:in_progress', 'actual')
local status, rest = row[1], row[2] or ''
if not status then return 'gone' end
if status ~= 'completed' and status ~= 'expired' and status ~= 'cancelled' then return status end
if spendLimit ~= '' then
  local actual = tonumber(row[6] or '0')
  local want = maxCost == '' and '' or math.max(0, tonumber(maxCost) - actual)
  local got, taken = reserveSpend(apiKey, tonumber(spendLimit), id, want, true)
  if got < 0 then return { 'over_limit', tostring(taken) } end
  maxCost = string.format('%d', actual + got)
end
local left, failed = tonumber(row[3] or '0'), tonumber(row[4] or '0')
redis.call('HINCRBY', key, 'failed', 0 - failed)
redis.call('HINCRBY', key, 'cancelled', failed - left)
redis.call('HDEL', key, 'left', 'left_failed', 'output', 'errors', 'at:finalizing', 'at:completed', 'at:expired', 'at:cancelled', 'at:cancelling')
-- What lines that were never begun fail with.
local codes = { batch_cancelled = 'cancelled', batch_expired = 'deadline_exceeded', budget_exceeded = 'budget_exceeded' }
local all = code == '' or code == codes[rest]
redis.call('HSET', key, 'status', 'in_progress', 'retry', code, 'rest', all and '' or rest, 'rest_kept', all and '' or '1')
-- Cancelled before its lines were counted: there are none to look through, they are still to be read.
if all and not row[5] then
  redis.call('HSET', key, 'status', 'validating')
  redis.call('HDEL', key, 'retry')
end
-- A deadline that has passed was that of an earlier generation.
redis.call('HSET', key, 'deadline', 'none')
if maxCost ~= '' then redis.call('HSET', key, 'max_cost', maxCost) end
redis.call('HINCRBY', key, 'generation', 1)
redis.call('HINCRBY', key, 'version', 1)
for _, part in ipairs({ '', ':index', ':states', ':parts', ':usage' }) do redis.call('PERSIST', key .. part) end
redis.call('ZADD', P .. 'batches-active', now(), id)
redis.call('PUBLISH', P .. 'wake', 'batches')
redis.call('PUBLISH', P .. 'changed', id)
if idempotency ~= '' then
  redis.call('HSET', P .. 'idempotency:' .. idempotency, 'ref', id, 'fingerprint', fingerprint)
  redis.call('PEXPIRE', P .. 'idempotency:' .. idempotency, keyTtl)
end
return 'retried'
