-- The next line of a batch becomes a job, or a failure of its own: with the cursor, so that no crash doubles or skips one.
-- Answers the job's run (0: there is none), 'stale' where another line is next, or 'stopped' where none is to be fed by the caller.
-- ARGV: worker, batch, line, byte at which the following line begins, what ('next' or 'again': a retry's), then
-- the record of a line that cannot be a job ('': it is one) and its estimate ('': unknown), and the job.
local worker, batch, line, offset, what, record, estimate = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local key = batchKey(batch)
if not leads(worker) then return 'stopped' end
local row = redis.call('HMGET', key, 'status', 'paused', 'rest', 'cursor', 'project', 'rest_kept')
if row[1] ~= 'in_progress' or (row[2] or '') ~= '' then return 'stopped' end
-- A retry of some lines leaves those alone that were never begun.
if (row[3] or '') ~= '' and not (what == 'again' and row[6] == '1') then return 'stopped' end
if what == 'next' then
  if tonumber(row[4]) ~= line - 1 then return 'stale' end
  redis.call('HSET', key, 'cursor', line, 'offset', offset)
else
  local state = redis.call('BITFIELD', key .. ':states', 'GET', 'u4', '#' .. (line - 1))[1]
  if state ~= LINE.again then return 'stale' end
  redis.call('HINCRBY', key, 'again', -1)
  redis.call('HDEL', key .. ':kept', line)
end
redis.call('HINCRBY', key, 'version', 1)
if record ~= '' then
  setLine(batch, line, 'failed')
  redis.call('HINCRBY', key, 'failed', 1)
  keepRecord(key, record)
  return 0
end
local id, spec, created, class, classRow = ARGV[8], ARGV[9], ARGV[10], ARGV[11], ARGV[12]
local stage, priority, inputs, mask, deadline, grace = ARGV[13], ARGV[14], ARGV[15], ARGV[16], ARGV[17], tonumber(ARGV[18])
local model, generation, images = ARGV[19], ARGV[20], cjson.decode(ARGV[21])
setLine(batch, line, 'open')
redis.call('SADD', key .. ':open', id)
-- A retry may find the job of an earlier generation, kept for what is unknown of it.
local old = redis.call('HMGET', jobKey(id), 'attempts', 'run', 'fence')
writeJob(id, spec, row[5], created, class, classRow, stage, priority, inputs, mask, grace, batch, line)
if generation ~= '1' then
  redis.call('PERSIST', jobKey(id))
  redis.call('HDEL', jobKey(id), 'completed', 'started', 'cancel', 'due', 'error', 'usage')
  redis.call('HSET', jobKey(id), 'generation', generation, 'run', (old[2] or 0) + 1, 'fence', old[3] or 0,
    'attempts', old[1] or 0)
  for _, image in ipairs(images) do redis.call('HSET', jobKey(id), 'i:' .. image.index, cjson.encode(image)) end
end
if deadline ~= '' then redis.call('ZADD', P .. 'deadlines', tonumber(deadline) * 1000, id) end
local known = redis.call('HGET', key, 'model')
if not known then redis.call('HSET', key, 'model', model) elseif known ~= model then redis.call('HSET', key, 'model', '') end
if estimate == '' then redis.call('HSET', key, 'estimated_unknown', 1)
else
  redis.call('HINCRBY', key, 'estimated', estimate)
  redis.call('HINCRBY', key, 'reserved', estimate)
end
redis.call('HINCRBY', key, 'begun', 1)
return tonumber(redis.call('HGET', jobKey(id), 'run'))
