-- Sets money of an API key's spend limit aside for what is written after this: a batch, or a job's retry.
-- ARGV: key, limit, job or batch, what it may cost ('': as much as is left), '1': less will do.
-- Answers {what it got, or -1; what of the limit is taken without it}.
return { reserveSpend(ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5] == '1') }
