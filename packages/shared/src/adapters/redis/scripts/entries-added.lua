-- The queue holds entries for these jobs (id, run, id, run, …): they need none until their next run.
for i = 1, #ARGV, 2 do
  if redis.call('HGET', jobKey(ARGV[i]), 'run') == ARGV[i + 1] then redis.call('ZREM', P .. 'due', ARGV[i]) end
end
return 1
