-- Writes a new job, or finds the one that this request repeats. In one step, so that no crash and no race makes two.
-- Answers {'created' | 'existing' | 'claimed' | 'conflict', job id}, or the limit of its API key that refuses it: {'over_limit',
-- what of the spend limit is taken}, {'images_per_minute', ms until the minute ends}, {'images_under_way', how many are}.
local id, spec, project, created = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local class, stage, priority = ARGV[5], ARGV[6], ARGV[7]
local inputs, mask, url, custom, deadline = ARGV[8], ARGV[9], ARGV[10], ARGV[11], ARGV[12]
local idempotency, fingerprint, keyTtl = ARGV[13], ARGV[14], ARGV[15]
local claim, holder, claimWindow, entryGrace = ARGV[16], ARGV[17], tonumber(ARGV[18]), tonumber(ARGV[19])
local classRow = ARGV[20]
-- The API key's spend limit ('': none) and what the job is expected to cost, in micro-dollars.
local apiKey, spendLimit, estimate = ARGV[21], ARGV[22], ARGV[23]
-- How many images it orders, and the API key's limits of them ('': none).
local images, perMinute, underWay = tonumber(ARGV[24]), ARGV[25], ARGV[26]

-- A client whose connection broke sends its command again: the first time counted.
if redis.call('EXISTS', jobKey(id)) == 1 then return { 'created', id } end

if idempotency ~= '' then
  local known = redis.call('HMGET', P .. 'idempotency:' .. idempotency, 'ref', 'fingerprint')
  if known[1] then
    if known[2] ~= fingerprint then return { 'conflict', known[1] } end
    return { 'existing', known[1] }
  end
end

-- A job whose holder is gone or was told to come back belongs to the next identical request until its claim ends.
if idempotency == '' and claim ~= '' then
  local list = P .. 'hold:' .. claim
  local held = redis.call('ZRANGE', list, 0, -1, 'WITHSCORES')
  for i = 1, #held, 2 do
    local other = redis.call('HGET', jobKey(held[i]), 'holder')
    -- This very call has it: sent twice.
    if other == holder then return { 'claimed', held[i] } end
    local process = other and string.match(other, '^[^.]*')
    local abandoned = other and (other == '' or redis.call('EXISTS', P .. 'api:' .. process) == 0)
    if not other or (abandoned and now() > tonumber(held[i + 1])) then
      redis.call('ZREM', list, held[i])
    elseif abandoned then
      redis.call('HSET', jobKey(held[i]), 'holder', holder)
      redis.call('ZADD', list, now() + claimWindow, held[i])
      return { 'claimed', held[i] }
    end
  end
end

local refused = imagesRefused(apiKey, images, perMinute, underWay)
if refused then return refused end
if spendLimit ~= '' then
  local got, taken = reserveSpend(apiKey, tonumber(spendLimit), id, estimate, false)
  if got < 0 then return { 'over_limit', tostring(taken) } end
end

-- The queue entry is derived from the list of the due. The API adds it at once; should it die first, the feeder does.
writeJob(id, spec, project, created, class, classRow, stage, priority, inputs, mask, entryGrace, '', '')
countImages(id, apiKey, images, perMinute, underWay)
redis.call('HSET', jobKey(id), 'url', url, 'custom', custom, 'holder', holder)
redis.call('SADD', P .. 'projects', project)
redis.call('ZADD', P .. 'jobs:' .. project, created, id)
if custom ~= '' then
  redis.call('ZADD', P .. 'custom:' .. project .. ':' .. custom, created, id)
  -- By this it is found again when the job's hash, and its custom_id with it, has ended.
  redis.call('ZADD', P .. 'customs:' .. project, created, custom .. ':' .. id)
end
if deadline ~= '' then redis.call('ZADD', P .. 'deadlines', tonumber(deadline) * 1000, id) end
if idempotency ~= '' then
  redis.call('HSET', P .. 'idempotency:' .. idempotency, 'ref', id, 'fingerprint', fingerprint)
  redis.call('PEXPIRE', P .. 'idempotency:' .. idempotency, keyTtl)
end
if claim ~= '' then
  redis.call('ZADD', P .. 'hold:' .. claim, now() + claimWindow, id)
  redis.call('PEXPIRE', P .. 'hold:' .. claim, 86400000)
end
return { 'created', id }
