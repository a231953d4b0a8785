-- Who feeds and closes the batches: one worker at a time, for as long as it renews. Answers 1 where it is the caller.
local worker, lease = ARGV[1], ARGV[2]
local leader = redis.call('GET', P .. 'leader')
if leader and leader ~= worker then return 0 end
redis.call('SET', P .. 'leader', worker, 'PX', lease)
return 1
