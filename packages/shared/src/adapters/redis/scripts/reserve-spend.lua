-- Sets money of an API key's spend limit aside for a batch that is written after this.
-- ARGV: key, limit, batch, what it may cost at most ('': as much as is left).
-- Answers {what it got, or -1; what of the limit is taken without it}.
return { reserveSpend(ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], true) }
