-- A user's retry of an ended job: a new generation with its own budget; history and stored images stay.
-- With an Idempotency-Key the generation it began is remembered, so that a repeat begins no other, and gets the same
-- answer whatever has become of the job since. 'complete': no image is missing, so there is nothing to run again.
local id, class, stage, entryGrace = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local idempotency, fingerprint, keyTtl, classRow = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local deadline, complete = ARGV[9], ARGV[10]
-- Who asks, how many images are missing, and that API key's limits of them ('': none); refused as a new job is.
local apiKey, images, perMinute, underWay = ARGV[11], tonumber(ARGV[12]), ARGV[13], ARGV[14]
-- Its spend limit ('': none) and what the job is expected to cost, in micro-dollars: set aside in this same step, since
-- what is set aside for a job that has ended is let go by whoever looks next.
local spendLimit, estimate = ARGV[15], ARGV[16]
local key = jobKey(id)
if idempotency ~= '' then
  local known = redis.call('HMGET', P .. 'idempotency:' .. idempotency, 'ref', 'fingerprint')
  if known[1] then return known[2] == fingerprint and 'existing' or 'conflict' end
end
local status = redis.call('HGET', key, 'status')
if status ~= 'failed' and status ~= 'cancelled' and status ~= 'expired' then return 'refused' end
if complete == '1' then return 'refused' end
local refused = imagesRefused(apiKey, images, perMinute, underWay)
if refused then return refused end
if spendLimit ~= '' then
  local got, taken = reserveSpend(apiKey, tonumber(spendLimit), id, estimate, false)
  if got < 0 then return { 'over_limit', tostring(taken) } end
end
redis.call('PERSIST', key)
redis.call('HSET', P .. 'classes', class, classRow)
redis.call('HSET', key, 'class', class, 'stage', stage, 'tries', 0, 'crashes', 0, 'error', '', 'worker', '')
redis.call('HDEL', key, 'completed', 'started', 'cancel', 'due')
redis.call('HINCRBY', key, 'generation', 1)
local run = redis.call('HINCRBY', key, 'run', 1)
-- A deadline that has passed was that of an earlier generation: with it this one would expire before it began.
if deadline ~= '' then
  if tonumber(deadline) * 1000 > now() then
    redis.call('ZADD', P .. 'deadlines', tonumber(deadline) * 1000, id)
  else
    redis.call('HSET', key, 'deadline', '')
  end
end
setStatus(id, 'queued')
countImages(id, apiKey, images, perMinute, underWay)
redis.call('ZADD', P .. 'due', now() + entryGrace, id)
if idempotency ~= '' then
  redis.call('HSET', P .. 'idempotency:' .. idempotency, 'ref', id, 'fingerprint', fingerprint)
  redis.call('PEXPIRE', P .. 'idempotency:' .. idempotency, keyTtl)
end
return run
