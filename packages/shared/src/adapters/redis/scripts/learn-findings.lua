-- What was found out about an account. ARGV: account, how long it is kept in ms, then pairs of `model|feature`, finding.
local account, ttl = ARGV[1], ARGV[2]
learn(account, ttl, 3)
return 1
