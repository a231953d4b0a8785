-- How an account is used, or a model at it, by Redis's clock; changes nothing. ARGV: name of the book.
-- Answers {calls in flight, requests and images of the last minute, requests of the day, images of the month, last
-- fault, spend of the day as a flat list}.
local key = P .. 'account:' .. ARGV[1] .. ':'
local at = now()
local day, month = math.floor(at / 86400000), calendarMonth(at)
return {
  redis.call('ZCOUNT', key .. 'leases', '(' .. at, '+inf'),
  redis.call('ZCOUNT', key .. 'requests', '(' .. (at - 60000), '+inf'),
  redis.call('ZCOUNT', key .. 'images', '(' .. (at - 60000), '+inf'),
  tonumber(redis.call('GET', key .. 'day:' .. day) or '0'),
  tonumber(redis.call('GET', key .. 'month:' .. month) or '0'),
  redis.call('GET', key .. 'error') or '',
  redis.call('HGETALL', key .. 'spend:' .. day),
}
