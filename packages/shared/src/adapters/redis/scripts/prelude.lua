-- Loaded before every script. KEYS[1] is the key prefix with its hash tag: every key below shares it, so the
-- scripts may build their keys and still run on a cluster.
local P = KEYS[1]

-- Redis's own clock, in milliseconds: one clock for all machines.
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function jobKey(id) return P .. 'job:' .. id end

-- Moves a job between the status lists and counts the change.
local function setStatus(id, status)
  local key = jobKey(id)
  local job = redis.call('HMGET', key, 'project', 'status', 'created', 'batch')
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

-- An event and its deliveries outlive the schedule of tries (75 h, each wait at most doubled), however short the
-- retention is.
local EVENT_MS = 8 * 86400000

-- Writes an event and a delivery for each endpoint that wants it: the outbox. An event that exists is the same fact.
local function emit(project, id, kind, data, url, retention)
  if id == '' or redis.call('EXISTS', P .. 'event:' .. id) == 1 then return end
  local at = now()
  local ttl = math.max(tonumber(retention), EVENT_MS)
  local sequence = redis.call('INCR', P .. 'sequence:' .. project)
  redis.call('HSET', P .. 'event:' .. id, 'project', project, 'type', kind, 'created', at, 'sequence', sequence, 'data', data)
  redis.call('PEXPIRE', P .. 'event:' .. id, ttl)
  local function deliver(endpoint, to)
    local delivery = id .. '.' .. endpoint
    redis.call('HSET', P .. 'delivery:' .. delivery, 'project', project, 'event', id, 'endpoint', endpoint, 'url', to,
      'status', 'pending', 'attempts', '[]')
    redis.call('PEXPIRE', P .. 'delivery:' .. delivery, ttl)
    redis.call('ZADD', P .. 'outbox', at, delivery)
  end
  for _, endpoint in ipairs(redis.call('ZRANGE', P .. 'endpoints:' .. project, 0, -1)) do
    local row = redis.call('HMGET', P .. 'endpoint:' .. endpoint, 'enabled', 'types', 'url')
    if row[1] == '1' and string.find(row[2], ' ' .. kind .. ' ', 1, true) then deliver(endpoint, row[3]) end
  end
  if url and url ~= '' then deliver('url', url) end
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
  redis.call('RPUSH', key .. ':results', record)
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
