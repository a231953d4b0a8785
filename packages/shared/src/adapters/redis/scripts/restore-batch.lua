-- Writes a batch as it was before Redis was lost, with the jobs that its lines are. Answers 1, or 0 where there is one.
-- ARGV: id, fields of its hash, ttl in ms or '' where it runs, index, parts, records that lie in no part, images of lines to
-- be run again (by line), jobs, the states of its lines.
local id, fields, ttl, index = ARGV[1], cjson.decode(ARGV[2]), ARGV[3], ARGV[4]
local parts, results, kept, jobs = cjson.decode(ARGV[5]), cjson.decode(ARGV[6]), cjson.decode(ARGV[7]), cjson.decode(ARGV[8])
local key = batchKey(id)
if redis.call('EXISTS', key) == 1 then return 0 end
for _, part in ipairs({ ':index', ':states', ':parts', ':results', ':kept', ':open' }) do redis.call('DEL', key .. part) end
for name, value in pairs(fields) do redis.call('HSET', key, name, value) end
redis.call('SET', key .. ':index', index)
if ARGV[9] ~= '' then redis.call('SET', key .. ':states', ARGV[9]) end
for _, part in ipairs(parts) do redis.call('RPUSH', key .. ':parts', part) end
for _, record in ipairs(results) do keepRecord(key, record) end
for line, images in pairs(kept) do redis.call('HSET', key .. ':kept', line, images) end
for _, job in ipairs(jobs) do
  restoreJob(job)
  redis.call('SADD', key .. ':open', job.id)
end
local created = fields['at:validating']
redis.call('SADD', P .. 'projects', fields.project)
redis.call('ZADD', P .. 'batches:' .. fields.project, created, id)
if ttl == '' then
  redis.call('ZADD', P .. 'batches-active', created, id)
  redis.call('PUBLISH', P .. 'wake', 'batches')
else
  for _, part in ipairs({ '', ':index', ':states', ':parts', ':kept' }) do redis.call('PEXPIRE', key .. part, ttl) end
end
return 1
