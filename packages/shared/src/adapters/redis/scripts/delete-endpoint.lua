-- Deletes a webhook endpoint with its log; what was on its way to it is given up. Answers 1, or 0 where it was gone.
local id, project = ARGV[1], ARGV[2]
local known = redis.call('DEL', P .. 'endpoint:' .. id)
redis.call('ZREM', P .. 'endpoints:' .. project, id)
redis.call('DEL', P .. 'deliveries:' .. id, P .. 'failing:' .. id, P .. 'slow:' .. id)
if redis.call('EXISTS', P .. 'outbox:' .. id) == 1 then redis.call('ZADD', P .. 'outbox', now(), id) end
return known
