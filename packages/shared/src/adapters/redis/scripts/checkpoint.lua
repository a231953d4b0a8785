-- Where the paid results of an attempt are now; '' where they are stored. Unfenced, as the results are paid.
local id, number, checkpoint = ARGV[1], ARGV[2], ARGV[3]
local key = jobKey(id)
if redis.call('HEXISTS', key, 'o:' .. number) == 0 then return 0 end
if checkpoint == '' then
  redis.call('HDEL', key, 'c:' .. number)
else
  redis.call('HSET', key, 'c:' .. number, checkpoint)
end
return 1
