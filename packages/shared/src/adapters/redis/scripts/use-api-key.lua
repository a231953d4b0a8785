-- Notes that an API key was used, once a minute over all processes; not of one that is gone. Answers in how many ms it is
-- to be noted again.
local key = P .. 'api-key:' .. ARGV[1]
local row = redis.call('HMGET', key, 'digest', 'used')
local since = now() - tonumber(row[2] or '0')
if since < 60000 then return 60000 - since end
if row[1] then redis.call('HSET', key, 'used', now()) end
return 60000
