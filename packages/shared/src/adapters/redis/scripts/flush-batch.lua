-- The first records of ended lines lie in the bucket: they leave Redis, with their jobs. By the leader. Answers 1 or 0.
-- ARGV: worker, batch, records, the part that has them, the digests of them (JSON: [[event id, data], …]), then the jobs,
-- each with '1' where it stays.
local worker, id, count, part = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local key = batchKey(id)
if not leads(worker) then return 0 end
-- A client whose connection broke sends its command again: the first time counted.
if redis.call('LINDEX', key .. ':parts', -1) == part then return 1 end
redis.call('LTRIM', key .. ':results', count, -1)
if redis.call('LLEN', key .. ':results') > 0 then redis.call('HSET', key, 'unflushed', now())
else redis.call('HDEL', key, 'unflushed') end
redis.call('RPUSH', key .. ':parts', part)
for i = 6, #ARGV, 2 do
  local job = jobKey(ARGV[i])
  if ARGV[i + 1] ~= '1' then redis.call('DEL', job)
  elseif redis.call('EXISTS', job) == 1 then redis.call('HSET', job, 'flushed', 1) end
end
-- Lines are told of where somebody asks for them, be it at present disabled.
local project = redis.call('HGET', key, 'project')
for _, endpoint in ipairs(redis.call('ZRANGE', P .. 'endpoints:' .. project, 0, -1)) do
  if string.find(redis.call('HGET', P .. 'endpoint:' .. endpoint, 'types') or '', ' batch.lines ', 1, true) then
    for _, digest in ipairs(cjson.decode(ARGV[5])) do emit(project, digest[1], 'batch.lines', digest[2], '', 0) end
    break
  end
end
return 1
