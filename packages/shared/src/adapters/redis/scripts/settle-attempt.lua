-- What an attempt came to. Unfenced and idempotent: a zombie's money is spent too. The first answer stands, except
-- that a later certainty replaces 'unknown'. Answers 1 where it changed something.
local id, number, outcome, settlement, checkpoint = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local key = jobKey(id)
local entry = redis.call('HGET', key, 'o:' .. number)
if not entry then return 0 end
local place, old = string.match(entry, '^(%d+:%d+):([%a_]+)$')
if old ~= 'open' and not (old == 'unknown' and outcome ~= 'unknown') then return 0 end
redis.call('HSET', key, 'o:' .. number, place .. ':' .. outcome, 's:' .. number, settlement)
if checkpoint ~= '' then redis.call('HSET', key, 'c:' .. number, checkpoint) end
redis.call('HINCRBY', key, 'version', 1)
return 1
