# A receiver of webhooks that believes only what is signed. Ruby 3 with Rack.
#
#   gem install rack rackup puma
#   RENDERMILL_WEBHOOK_SECRET=whsec_... rackup -o 127.0.0.1 -p 3000 ruby.ru
require 'json'
require 'openssl'

KEY = ENV.fetch('RENDERMILL_WEBHOOK_SECRET').delete_prefix('whsec_').unpack1('m0')
abort 'RENDERMILL_WEBHOOK_SECRET is no webhook secret' if KEY.bytesize < 24

# Whether these exact bytes were signed with our secret within the last five minutes.
def signed?(env, body)
  sent = env.fetch('HTTP_WEBHOOK_TIMESTAMP', '')
  return false unless sent.match?(/\A[0-9]{1,12}\z/) && (Time.now.to_i - sent.to_i).abs <= 300

  signed = "#{env['HTTP_WEBHOOK_ID']}.#{sent}.".b + body
  expected = "v1,#{[OpenSSL::HMAC.digest('SHA256', KEY, signed)].pack('m0')}"
  # Several, separated by spaces, while a secret is rotated.
  env.fetch('HTTP_WEBHOOK_SIGNATURE', '').split.any? { |given| OpenSSL.secure_compare(expected, given) }
end

run lambda { |env|
  body = (env['rack.input']&.read(65_537) || '').b
  next [400, {}, []] if body.bytesize > 65_536 || !signed?(env, body)

  # Note the event, answer, and work elsewhere. It can come twice: take each of its ids once.
  event = JSON.parse(body)
  warn "#{event['type']} #{event['data']['id']}"
  [204, {}, []]
}
