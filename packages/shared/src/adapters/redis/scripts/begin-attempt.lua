-- The ledger entry before the call. Answers the attempt's number, or 'fenced', 'cancelled' or 'cap'.
local id, fence, intent = ARGV[1], ARGV[2], ARGV[3]
local generation, call, cap = ARGV[4], ARGV[5], tonumber(ARGV[6])
local key = jobKey(id)
if not owns(id, fence) then return 'fenced' end
if redis.call('HGET', key, 'cancel') == '1' then return 'cancelled' end
-- From the moment a batch's cancel is answered nothing more of it is bought, whoever has its lines in hand by then.
local batch = redis.call('HGET', key, 'batch')
if batch and batch ~= '' and redis.call('HGET', batchKey(batch), 'status') == 'cancelling' then return 'cancelled' end

-- Counted afresh from the entries themselves: a counter could drift.
local total = tonumber(redis.call('HGET', key, 'attempts'))
local paid, free = 0, {}
for n = 1, total do
  -- The same question again, by a connection that broke before it heard the answer.
  if redis.call('HGET', key, 'a:' .. n) == intent then return n end
  local entry = redis.call('HGET', key, 'o:' .. n)
  if entry then
    local g, c, outcome = string.match(entry, '^(%d+):(%d+):([%a_]+)$')
    if outcome == 'rejected' or outcome == 'not_sent' then
      free[#free + 1] = n
    elseif g == generation and c == call then
      paid = paid + 1
    end
  end
end
if paid >= cap then return 'cap' end

-- The history of what cost nothing is kept short; what cost or may have cost money is kept whole, and so is what an
-- account refused or did not know: by that the job knows where, and with what, it need not ask again.
for _, n in ipairs(#free >= 20 and free or {}) do
  local settlement = redis.call('HGET', key, 's:' .. n)
  local told = settlement and cjson.decode(settlement) or {}
  if not told.refused and not told.unknown_parameter then
    redis.call('HDEL', key, 'a:' .. n, 's:' .. n, 'o:' .. n)
    break
  end
end
local number = total + 1
redis.call('HSET', key, 'attempts', number, 'a:' .. number, intent, 'o:' .. number, generation .. ':' .. call .. ':open')
redis.call('HINCRBY', key, 'version', 1)
return number
