-- Brings back from the bucket what a lost Redis has forgotten; what is there by now is newer and stays. Answers 1 where
-- it was needed. ARGV: account, probe as it is remembered ('': none), how long both are kept in ms, then findings.
local account, probe, ttl = ARGV[1], ARGV[2], ARGV[3]
local key = P .. 'account:' .. account .. ':'
if redis.call('EXISTS', key .. 'profile', key .. 'probe') > 0 then return 0 end
if probe ~= '' then redis.call('SET', key .. 'probe', probe, 'PX', ttl) end
learn(account, ttl, 4, math.huge)
return 1
