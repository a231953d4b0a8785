-- A paid result is in the bucket: from here on nobody buys it again. Unfenced, for it is true whoever says it; the first
-- word stands, as keys are written once. With an attempt's number it was the last of that attempt: its checkpoint goes.
local id, index, image, number = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local key = jobKey(id)
if redis.call('HEXISTS', key, 'spec') == 0 then return 0 end
if number ~= '' then redis.call('HDEL', key, 'c:' .. number) end
if redis.call('HSETNX', key, 'i:' .. index, image) == 0 then return 0 end
redis.call('HINCRBY', key, 'version', 1)
-- A call that is held may be answered as soon as its last picture is stored.
redis.call('PUBLISH', P .. 'done', id)
return 1
