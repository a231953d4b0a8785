-- Nothing of a batch is under way or to be begun any more: its files may be made. By the leader. Answers 1 or 0.
local worker, id = ARGV[1], ARGV[2]
local key = batchKey(id)
if not leads(worker) then return 0 end
local row = redis.call('HMGET', key, 'status', 'cursor', 'total', 'rest', 'again', 'retry', 'rest_kept')
if row[1] == 'finalizing' then return 1 end
if row[1] ~= 'in_progress' and row[1] ~= 'cancelling' then return 0 end
if redis.call('SCARD', key .. ':open') > 0 then return 0 end
local rest, again = row[4] or '', tonumber(row[5] or '0')
if row[6] and row[1] == 'in_progress' then return 0 end
if rest == '' and tonumber(row[2]) < tonumber(row[3]) then return 0 end
if again > 0 and (rest == '' or row[7] == '1') then return 0 end
-- A batch that is cancelled says so until it is.
if row[1] == 'in_progress' then redis.call('HSET', key, 'status', 'finalizing') end
redis.call('HSET', key, 'at:finalizing', now(), 'paused', '')
redis.call('HINCRBY', key, 'version', 1)
redis.call('PUBLISH', P .. 'changed', id)
return 1
