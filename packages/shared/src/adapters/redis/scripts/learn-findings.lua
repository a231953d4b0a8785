-- What jobs found out about an account. ARGV: account, how long it is kept in ms, then pairs of `feature|model`, finding.
-- An account that takes any model's name must not fill Redis with them: beyond a thousand or two they are not kept.
learn(ARGV[1], ARGV[2], 3, 2000)
return 1
