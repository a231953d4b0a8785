-- Keeps the leases of calls in flight for another while. ARGV: ms, then of each of their books: its name and the permit.
local lease = tonumber(ARGV[1])
local at = now()
for i = 2, #ARGV, 2 do
  redis.call('ZADD', P .. 'account:' .. ARGV[i] .. ':leases', 'XX', at + lease, ARGV[i + 1])
end
return 1
