-- Something of a batch that its owner wants to hear while it runs. By the leader; said twice it is said once.
local worker, id, event, kind, data, retention = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
if not leads(worker) then return 0 end
local row = redis.call('HMGET', batchKey(id), 'project', 'url')
emit(row[1], event, kind, data, row[2], retention)
return 1
