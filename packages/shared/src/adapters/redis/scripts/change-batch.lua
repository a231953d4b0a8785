-- A user's pause, resume or cancel, or the leader's word that what is not begun is not to be (`rest`).
-- Answers {done, status}: done 1 where it changed something.
local id, what, reason = ARGV[1], ARGV[2], ARGV[3]
local key = batchKey(id)
local row = redis.call('HMGET', key, 'status', 'paused', 'rest', 'rest_kept')
local status, paused = row[1], row[2] or ''
if not status then return { 0, 'gone' } end
local running = status == 'in_progress'
if what == 'pause' and running and paused == '' then redis.call('HSET', key, 'paused', now())
elseif what == 'resume' and running and paused ~= '' then redis.call('HSET', key, 'paused', '')
elseif what == 'cancel' and (running or status == 'validating') then
  status = 'cancelling'
  redis.call('HSET', key, 'status', status, 'at:cancelling', now(), 'rest', 'batch_cancelled', 'rest_kept', '', 'paused', '')
elseif what == 'rest' and running and ((row[3] or '') == '' or row[4] == '1') then
  redis.call('HSET', key, 'rest', reason, 'rest_kept', '', 'paused', '')
else return { 0, status } end
redis.call('HINCRBY', key, 'version', 1)
redis.call('PUBLISH', P .. 'wake', 'batches')
redis.call('PUBLISH', P .. 'changed', id)
return { 1, status }
