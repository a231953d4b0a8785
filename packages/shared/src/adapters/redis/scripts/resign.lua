-- Lets another worker lead at once.
if leads(ARGV[1]) then redis.call('DEL', P .. 'leader') end
return 1
