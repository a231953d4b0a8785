-- The first records of ended lines lie in the bucket: they leave Redis, with their jobs. By the leader. Answers 1 or 0.
-- ARGV: worker, batch, records, the part that has them, then the jobs, each with '1' where it stays.
local worker, id, count, part = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local key = batchKey(id)
if not leads(worker) then return 0 end
redis.call('LTRIM', key .. ':results', count, -1)
redis.call('RPUSH', key .. ':parts', part)
for i = 5, #ARGV, 2 do
  local job = jobKey(ARGV[i])
  if ARGV[i + 1] ~= '1' then redis.call('DEL', job)
  elseif redis.call('EXISTS', job) == 1 then redis.call('HSET', job, 'flushed', 1) end
end
return 1
