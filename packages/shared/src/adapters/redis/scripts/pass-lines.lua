-- The cursor of a batch passes over lines that were begun before Redis was lost. By the leader. Answers 1 or 0.
-- ARGV: worker, batch, the cursor as it was, as it is to be, and the byte at which the line behind it begins.
local worker, id, from, to, offset = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local key = batchKey(id)
if not leads(worker) or redis.call('HGET', key, 'cursor') ~= from then return 0 end
redis.call('HSET', key, 'cursor', to, 'offset', offset)
return 1
