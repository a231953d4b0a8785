-- How an account stands, or a model at it. ARGV: name of the book, concurrency and requests/min as configured (0: no limit).
-- Answers {park reason, since, until; circuit until; concurrency, requests/min in force; cool-down ms; now}; '' for none.
local key = P .. 'account:' .. ARGV[1] .. ':'
local park = redis.call('HMGET', key .. 'park', 'reason', 'since', 'until')
return {
  park[1] or '', park[2] or '', park[3] or '',
  redis.call('HGET', key .. 'circuit', 'until') or '',
  concurrencyOf(key, tonumber(ARGV[2])),
  requestsOf(key, tonumber(ARGV[3])),
  math.max(0, redis.call('PTTL', key .. 'cool')),
  now(),
}
