-- A queued job whose project has all the places for the fetching of inputs that it may: it waits in its project's line, and
-- its entry is void. Should nobody call it up, the feeder does after a while. ARGV: job, generation, run, that while (ms).
local id, generation, run, patience = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local job = redis.call('HMGET', jobKey(id), 'status', 'generation', 'run', 'project', 'priority', 'created')
if job[1] ~= 'queued' or job[2] ~= generation or job[3] ~= run then return 0 end
redis.call('HINCRBY', jobKey(id), 'run', 1)
redis.call('ZADD', P .. 'due', now() + patience, id)
local line = P .. 'to-prepare:' .. job[4]
redis.call('ZADD', line, tonumber(job[5]) * 1e13 + tonumber(job[6]), id)
redis.call('PEXPIRE', line, 10 * patience)
return 1
