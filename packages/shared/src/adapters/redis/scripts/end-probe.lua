-- Ends a probe with what it found: one step, so that it is never over without its findings. Answers 1, or 0 where it is
-- over already. ARGV: account, probe id, probe as it ended, how long both are kept in ms, the model whose older findings it
-- replaces ('': none), then findings as in learn-findings.
local account, id, probe, ttl, replaced = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local key = P .. 'account:' .. account .. ':probe'
local present = redis.call('GET', key)
local old = present and cjson.decode(present)
if not old or old.id ~= id or old.status ~= 'running' then return 0 end
redis.call('SET', key, probe, 'PX', ttl)
redis.call('SREM', P .. 'probes', account)
local profile = P .. 'account:' .. account .. ':profile'
for _, place in ipairs(replaced ~= '' and redis.call('HKEYS', profile) or {}) do
  if string.match(place, '^[^|]*|(.*)$') == replaced then redis.call('HDEL', profile, place) end
end
learn(account, ttl, 6, math.huge)
return 1
