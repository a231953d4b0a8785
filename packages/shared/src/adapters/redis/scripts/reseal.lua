-- The same secret under another seal, where nobody has changed it meanwhile. Answers 1 or 0.
-- ARGV: endpoint ('': the project's own secret), project, sealed as it was read, sealed anew.
local endpoint, project, was, fresh = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if endpoint == '' then
  local key = P .. 'webhook-secret:' .. project
  if redis.call('GET', key) ~= was then return 0 end
  redis.call('SET', key, fresh)
else
  local key = P .. 'endpoint:' .. endpoint
  if redis.call('HGET', key, 'secret') ~= was then return 0 end
  redis.call('HSET', key, 'secret', fresh)
end
return 1
