-- Posts one message after the other, each with a uid of its own to the next of the users.
-- Arguments: path, secret, prefix of the uids, number of users, callback_url.
require "summary"

local head, body, users, n

function init(args)
  local path, secret, prefix, callback_url = args[1], args[2], args[3], args[5]
  users, n = tonumber(args[4]), 0
  head = "POST " .. path .. " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: " .. secret
    .. "\r\nContent-Type: application/json\r\nContent-Length: "
  body = '","callback_url":"' .. callback_url .. '","from_number":"Amazing",'
    .. '"body":"Your weekend bonus is waiting: 50 free spins until Sunday midnight.","im_uid":"'
    .. prefix
end

function request()
  n = n + 1
  local content = '{"ext_user_id":"user-' .. (n * 7919 % users) .. body .. n .. '"}'
  return head .. #content .. "\r\n\r\n" .. content
end
