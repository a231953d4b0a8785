-- Renews a worker's lease, and tells which workers are dead: without a lease for longer than the grace. What is told
-- once stands: a worker that was given up gets no lease again, for its jobs and its spool are others' by now.
-- Answers {'beat', dead worker, …}, or {'lapsed'} where the caller itself was given up.
local worker, info, lease, grace, memory = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local at = now()
if redis.call('EXISTS', P .. 'mourned:' .. worker) == 1 then return { 'lapsed' } end
local newest = redis.call('ZRANGE', P .. 'workers', -1, -1, 'WITHSCORES')
redis.call('SET', P .. 'worker:' .. worker, info, 'PX', lease)
redis.call('ZADD', P .. 'workers', at, worker)
-- Nobody was heard for a while: Redis itself was away. Everybody gets the time to say that he lives.
if newest[2] and at - tonumber(newest[2]) > lease then redis.call('SET', P .. 'calm', '1', 'PX', lease + grace) end
local answer = { 'beat' }
if redis.call('EXISTS', P .. 'calm') == 1 then return answer end
for _, other in ipairs(redis.call('ZRANGEBYSCORE', P .. 'workers', '-inf', at - lease - grace)) do
  if redis.call('EXISTS', P .. 'worker:' .. other) == 0 then
    redis.call('SET', P .. 'mourned:' .. other, at, 'PX', memory, 'NX')
    answer[#answer + 1] = other
  end
end
return answer
