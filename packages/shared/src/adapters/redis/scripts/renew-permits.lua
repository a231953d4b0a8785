-- Keeps the leases of calls in flight (account, permit, account, permit, …) for another while.
local lease = tonumber(ARGV[1])
local at = now()
for i = 2, #ARGV, 2 do
  redis.call('ZADD', P .. 'account:' .. ARGV[i] .. ':leases', 'XX', at + lease, ARGV[i + 1])
end
return 1
