-- Lines that are jobs by their batch's books, and whose jobs are gone: they wait to be made again. By the leader.
-- Answers how many. ARGV: worker, batch, ids of the batch's open jobs.
local worker, id = ARGV[1], ARGV[2]
local key = batchKey(id)
if not leads(worker) then return 0 end
local mended = 0
for i = 3, #ARGV do
  if redis.call('EXISTS', jobKey(ARGV[i])) == 0 and redis.call('SREM', key .. ':open', ARGV[i]) == 1 then
    setLine(id, tonumber(string.match(ARGV[i], '%-(%d+)$')), 'again')
    redis.call('HINCRBY', key, 'again', 1)
    mended = mended + 1
  end
end
return mended
