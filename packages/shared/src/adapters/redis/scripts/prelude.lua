-- Loaded before every script. KEYS[1] is the key prefix with its hash tag: every key below shares it, so the
-- scripts may build their keys and still run on a cluster.
local P = KEYS[1]

-- Redis's own clock, in milliseconds: one clock for all machines.
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function jobKey(id) return P .. 'job:' .. id end

-- Images of an API key: those ordered in the present minute, and those under way, whose job has not ended.
local function orderedKey(apiKey) return P .. 'api-key:' .. apiKey .. ':ordered' end
local function underWayKey(apiKey) return P .. 'api-key:' .. apiKey .. ':under-way' end

-- Which limit of an API key ('': none) so many images more would break, with what a client wants to know of it; or nil.
local function imagesRefused(apiKey, images, perMinute, underWay)
  if perMinute ~= '' and tonumber(redis.call('GET', orderedKey(apiKey)) or '0') + images > tonumber(perMinute) then
    return { 'images_per_minute', redis.call('PTTL', orderedKey(apiKey)) }
  end
  local open = tonumber(redis.call('GET', underWayKey(apiKey)) or '0')
  if underWay ~= '' and open + images > tonumber(underWay) then return { 'images_under_way', open } end
end

-- Counts a job's images against the limits of the API key that orders them. `metered` says on the job what is counted of it.
local function countImages(id, apiKey, images, perMinute, underWay)
  if perMinute ~= '' then
    redis.call('INCRBY', orderedKey(apiKey), images)
    if redis.call('PTTL', orderedKey(apiKey)) < 0 then redis.call('PEXPIRE', orderedKey(apiKey), 60000) end
  end
  if underWay ~= '' then
    redis.call('INCRBY', underWayKey(apiKey), images)
    redis.call('HSET', jobKey(id), 'metered', images .. ':' .. apiKey)
  end
end

-- A job that has ended is under way no more.
local function releaseImages(id, metered)
  local images, apiKey = string.match(metered, '^(%d+):(.*)$')
  redis.call('HDEL', jobKey(id), 'metered')
  if redis.call('DECRBY', underWayKey(apiKey), images) <= 0 then redis.call('DEL', underWayKey(apiKey)) end
end

-- Moves a job between the status lists and counts the change.
local function setStatus(id, status)
  local key = jobKey(id)
  local job = redis.call('HMGET', key, 'project', 'status', 'created', 'batch', 'metered')
  if job[5] and status ~= 'queued' and status ~= 'in_progress' then releaseImages(id, job[5]) end
  if job[2] then redis.call('ZREM', P .. 'jobs:' .. job[1] .. ':' .. job[2], id) end
  -- A batch's jobs are listed while they run; then their batch has them.
  if not job[4] or job[4] == '' or status == 'queued' or status == 'in_progress' then
    redis.call('ZADD', P .. 'jobs:' .. job[1] .. ':' .. status, job[3], id)
  end
  redis.call('HSET', key, 'status', status)
  redis.call('HINCRBY', key, 'version', 1)
end

-- Writes a job that is new, with its place on the list from which its queue entry is derived.
local function writeJob(id, spec, project, created, class, classRow, stage, priority, inputs, mask, grace, batch, line)
  local key = jobKey(id)
  redis.call('HSET', P .. 'classes', class, classRow)
  redis.call('HSET', key, 'spec', spec, 'project', project, 'created', created, 'class', class, 'stage', stage,
    'priority', priority, 'inputs', inputs, 'mask', mask, 'generation', 1, 'run', 1, 'fence', 0,
    'worker', '', 'tries', 0, 'crashes', 0, 'attempts', 0, 'version', 0, 'batch', batch, 'line', line)
  setStatus(id, 'queued')
  redis.call('ZADD', P .. 'due', now() + grace, id)
end

-- Writes a job as it was before Redis was lost, with its place in the lists. Answers 1, or 0 where there is one.
-- `row`: id, fields of its hash, class and class_row, custom ('': no custom_id), due (true: it is to run), deadline in ms
-- or '', ttl in ms or '', unknown: { attempt number, when it began } of those that may have been billed.
local function restoreJob(row)
  local id, key = row.id, jobKey(row.id)
  if redis.call('EXISTS', key) == 1 then return 0 end
  for name, value in pairs(row.fields) do redis.call('HSET', key, name, value) end
  local project, created = row.fields.project, row.fields.created
  redis.call('SADD', P .. 'projects', project)
  if row.class_row ~= '' then redis.call('HSET', P .. 'classes', row.fields.class, row.class_row) end
  setStatus(id, row.fields.status)
  if row.fields.batch == '' then redis.call('ZADD', P .. 'jobs:' .. project, created, id) end
  if row.custom ~= '' then
    redis.call('HSET', key, 'custom', row.custom)
    redis.call('ZADD', P .. 'custom:' .. project .. ':' .. row.custom, created, id)
    redis.call('ZADD', P .. 'customs:' .. project, created, row.custom .. ':' .. id)
  end
  for _, attempt in ipairs(row.unknown) do
    redis.call('ZADD', P .. 'unknown:' .. project, attempt[2], attempt[1] .. ':' .. id)
  end
  if row.due then redis.call('ZADD', P .. 'due', now(), id) end
  if row.deadline ~= '' then redis.call('ZADD', P .. 'deadlines', row.deadline, id) end
  if row.ttl ~= '' then redis.call('PEXPIRE', key, row.ttl) end
  return 1
end

-- Ends a worker's ownership of a job.
local function drop(id)
  local worker = redis.call('HGET', jobKey(id), 'worker')
  if worker and worker ~= '' then redis.call('SREM', P .. 'held:' .. worker, id) end
  redis.call('HSET', jobKey(id), 'worker', '')
end

-- True where the caller is the present owner of a job in progress.
local function owns(id, fence)
  local job = redis.call('HMGET', jobKey(id), 'status', 'fence')
  return job[1] == 'in_progress' and job[2] == fence
end

-- Sets money of an API key's spend limit aside for a job or a batch: what may have been billed, what is under way and this
-- must fit in the limit. In micro-dollars. What has ended is found here and let go; what is not there after a minute was
-- never written. `want` '': as much as is left; `less`: less will do. Answers what it got, or -1, and what of the limit is
-- taken without it.
local function reserveSpend(id, limit, thing, want, less)
  local openKey = P .. 'api-key:' .. id .. ':open'
  local at = now()
  local runs = { queued = true, in_progress = true, validating = true, finalizing = true, cancelling = true }
  local function isBatch(name) return string.sub(name, 1, 6) == 'batch_' end
  -- What of its share may still be spent; nothing where it has ended.
  local function rest(name, cap, since)
    local row = redis.call('HMGET', P .. (isBatch(name) and 'batch:' or 'job:') .. name, 'status', 'actual')
    if not row[1] then return at - since < 60000 and cap or nil end
    if not runs[row[1]] then return nil end
    return isBatch(name) and math.max(0, cap - tonumber(row[2] or '0')) or cap
  end
  local taken = tonumber(redis.call('GET', P .. 'api-key:' .. id .. ':spent') or '0')
  local open = redis.call('HGETALL', openKey)
  for i = 1, #open, 2 do
    local cap, since = string.match(open[i + 1], '^(%d+):(%d+)$')
    local left = rest(open[i], tonumber(cap), tonumber(since))
    if not left then redis.call('HDEL', openKey, open[i])
    elseif open[i] ~= thing then taken = taken + left end
  end
  local left = limit - taken
  local got = want == '' and left or tonumber(want)
  if less then got = math.min(got, left) end
  if got > left or got < 0 or (less and got == 0) then return -1, taken end
  -- A batch's share is of its whole cost: what it has cost by now is spent already.
  local before = isBatch(thing) and tonumber(redis.call('HGET', P .. 'batch:' .. thing, 'actual') or '0') or 0
  redis.call('HSET', openKey, thing, string.format('%d:%d', got + before, at))
  return got, taken
end

-- An event and its deliveries outlive the schedule of tries (75 h, each wait at most doubled), however short the
-- retention is.
local EVENT_MS = 8 * 86400000

-- A receiver that takes so long for an answer is delivered to where it keeps no quick one waiting.
local SLOW_MS = 3000

-- Puts a member on a list whose members end by themselves: the two oldest are looked at each time, so that it stays short.
local function listed(list, score, id, what)
  redis.call('ZADD', list, score, id)
  for _, old in ipairs(redis.call('ZRANGE', list, 0, 1)) do
    if redis.call('EXISTS', P .. what .. ':' .. old) == 0 then redis.call('ZREM', list, old) end
  end
end

-- The log of deliveries that one is in: its endpoint's, or that of all `webhook_url`s of its project.
local function deliveryLog(project, endpoint)
  return P .. 'deliveries:' .. (endpoint == 'url' and 'url:' .. project or endpoint)
end

-- Deliveries of a project that are under way, in a lane: to receivers that answer at once, or to those that do not. A fresh
-- origin is never known to be slow, and a project may name any number of them: the places are everybody's.
local LANES = { 'quick', 'slow' }
local function flyingOf(project, lane) return P .. 'flying-of:' .. lane .. ':' .. project end

-- Its targets that wait for such a place, longest first.
local function heldOf(project, lane) return P .. 'held-of:' .. lane .. ':' .. project end

-- A delivery is under way no more: the target that has waited longest for its place is asked next. Answers whether one was.
local function landed(project, id)
  for _, lane in ipairs(LANES) do
    if redis.call('ZREM', flyingOf(project, lane), id) == 1 then
      local waiting = redis.call('ZPOPMIN', heldOf(project, lane))[1]
      if not waiting then return false end
      redis.call('ZADD', P .. 'outbox', now() - 1, waiting)
      return true
    end
  end
  return false
end

-- Makes a delivery due. Those of one target wait in a list of their own, so that a slow one is in nobody's way.
local function deliverAt(delivery, target, at)
  redis.call('ZADD', P .. 'outbox:' .. target, at, delivery)
  local known = redis.call('ZSCORE', P .. 'outbox', target)
  if not known or tonumber(known) > at then redis.call('ZADD', P .. 'outbox', at, target) end
end

-- Writes a delivery of an event to an endpoint (`url`: to a webhook_url), due now.
local function deliver(project, event, endpoint, to, at, ttl)
  local delivery = event .. '-' .. endpoint
  local target = endpoint == 'url' and 'url:' .. project .. ':' .. (string.match(to, '^%a+://[^/?#]*') or '') or endpoint
  redis.call('HSET', P .. 'delivery:' .. delivery, 'project', project, 'event', event, 'endpoint', endpoint, 'url', to,
    'target', target, 'status', 'pending', 'created', at, 'next', at, 'made', 0, 'taken', 0)
  redis.call('PEXPIRE', P .. 'delivery:' .. delivery, ttl)
  listed(deliveryLog(project, endpoint), at, delivery, 'delivery')
  deliverAt(delivery, target, at)
end

-- Writes an event and a delivery for each endpoint that wants it: the outbox. An event that exists is the same fact.
local function emit(project, id, kind, data, url, retention)
  if id == '' or redis.call('EXISTS', P .. 'event:' .. id) == 1 then return end
  local at = now()
  local ttl = math.max(tonumber(retention), EVENT_MS)
  local sequence = redis.call('INCR', P .. 'sequence:' .. project)
  redis.call('HSET', P .. 'event:' .. id, 'project', project, 'type', kind, 'created', at, 'sequence', sequence, 'data', data)
  redis.call('PEXPIRE', P .. 'event:' .. id, ttl)
  listed(P .. 'events:' .. project, sequence, id, 'event')
  for _, endpoint in ipairs(redis.call('ZRANGE', P .. 'endpoints:' .. project, 0, -1)) do
    local row = redis.call('HMGET', P .. 'endpoint:' .. endpoint, 'enabled', 'types', 'url')
    if row[1] == '1' and string.find(row[2], ' ' .. kind .. ' ', 1, true) then
      deliver(project, id, endpoint, row[3], at, ttl)
    end
  end
  if url and url ~= '' then deliver(project, id, 'url', url, at, ttl) end
  redis.call('PUBLISH', P .. 'wake', 'outbox')
end

-- The worker that feeds and closes the batches; nobody where its lease has ended.
local function leads(worker) return redis.call('GET', P .. 'leader') == worker end

local LINE = { waiting = 0, open = 1, completed = 2, failed = 3, cancelled = 4, expired = 5, again = 6 }

local function batchKey(id) return P .. 'batch:' .. id end

local function setLine(batch, line, state)
  redis.call('BITFIELD', batchKey(batch) .. ':states', 'SET', 'u4', '#' .. (line - 1), LINE[state])
end

-- Adds to a sum in a batch's books that is unknown for good once a part of it is.
local function addTo(key, name, amount)
  if amount == nil or amount == cjson.null then redis.call('HSET', key, name .. '_unknown', 1)
  else redis.call('HINCRBY', key, name, amount) end
end

-- Keeps the record of a line that has ended until it lies in the bucket, and since when the first of them waits for that.
local function keepRecord(key, record)
  redis.call('RPUSH', key .. ':results', record)
  redis.call('HSETNX', key, 'unflushed', now())
end

-- Counts a line of a batch that has ended: its state, its batch's counts and books, and the record of it. Once.
-- `cost`: { actual, twice, twice_cost, reserved, usage }.
local function endLine(id, status, record, cost)
  local job = redis.call('HMGET', jobKey(id), 'batch', 'line')
  if not job[1] or job[1] == '' then return end
  local key = batchKey(job[1])
  if redis.call('SREM', key .. ':open', id) == 0 then return end
  setLine(job[1], job[2], status)
  redis.call('HINCRBY', key, status == 'expired' and 'failed' or status, 1)
  addTo(key, 'actual', cost.actual)
  if cost.twice > 0 then
    redis.call('HINCRBY', key, 'twice', cost.twice)
    addTo(key, 'twice_cost', cost.twice_cost)
  end
  redis.call('HINCRBY', key, 'reserved', 0 - cost.reserved)
  for name, tokens in pairs(cost.usage) do redis.call('HINCRBY', key, name, tokens) end
  redis.call('HINCRBY', key, 'version', 1)
  keepRecord(key, record)
  redis.call('PUBLISH', P .. 'wake', 'batches')
end

-- The UTC calendar month of a time, as yyyymm (days to civil date, proleptic Gregorian).
local function calendarMonth(at)
  local z = math.floor(at / 86400000) + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d%02d', year, month)
end

-- Why an account may be set aside: it said that it serves nobody, or it fails. Each is a hash at the account: since,
-- until, step, reason, and `trial`: the permit of the call that tries it when its time is over.
local ASIDE = { 'park', 'circuit' }

-- Calls at the same time that an account is given now: as configured, or as few as it has taught.
local function concurrencyOf(key, configured)
  return math.min(configured, tonumber(redis.call('HGET', key .. 'pace', 'limit') or configured))
end

-- Requests a minute, likewise: as configured, or as few as its answers tell. 0: no limit.
local function requestsOf(key, configured)
  local told = tonumber(redis.call('GET', key .. 'told') or '0')
  if told == 0 or configured == 0 then return math.max(told, configured) end
  return math.min(told, configured)
end

-- How long an account still rests (ms), the reasons that its next call would try, and whether one tries them already.
-- Its leases must have been cleared of those that ended.
local function asideOf(key, at)
  local rest, due, tried = 0, {}, false
  for _, why in ipairs(ASIDE) do
    local row = redis.call('HMGET', key .. why, 'until', 'trial')
    if row[1] then
      rest = math.max(rest, tonumber(row[1]) - at)
      due[#due + 1] = why
      if row[2] and redis.call('ZSCORE', key .. 'leases', row[2]) then tried = true end
    end
  end
  return rest, due, tried
end

-- Writes findings, which stand from ARGV[first] on as pairs of `feature|model`, finding; new ones only while there are fewer
-- than `most`.
local function learn(account, ttl, first, most)
  local key = P .. 'account:' .. account .. ':profile'
  for i = first, #ARGV, 2 do
    if redis.call('HEXISTS', key, ARGV[i]) == 1 or redis.call('HLEN', key) < most then
      redis.call('HSET', key, ARGV[i], ARGV[i + 1])
    end
  end
  redis.call('PEXPIRE', key, ttl)
  redis.call('PUBLISH', P .. 'profile', account)
end
