-- Posts one message after the other to Apprise API, each with a text of its own.
-- Arguments: path, prefix of the texts, URL of the service to notify.
require "summary"

local head, start, n

function init(args)
  n = 0
  head = "POST " .. args[1] .. " HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
    .. "Content-Type: application/json\r\nContent-Length: "
  start = '{"urls":"' .. args[3] .. '","body":"Your weekend bonus is waiting: 50 free spins until '
    .. 'Sunday midnight. ' .. args[2]
end

function request()
  n = n + 1
  local content = start .. n .. '"}'
  return head .. #content .. "\r\n\r\n" .. content
end
