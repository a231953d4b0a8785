-- The API key that a digest leads to, or nothing.
local id = redis.call('GET', P .. 'api-key-of:' .. ARGV[1])
if not id then return nil end
return redis.call('HGET', P .. 'api-key:' .. id, 'row')
