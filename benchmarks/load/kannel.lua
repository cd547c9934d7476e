-- Posts one message after the other to Kannel, each with a text of its own.
-- Arguments: path, prefix of the texts, callback_url (quoted; empty where none is asked for).
require "summary"

local head, tail, prefix, callback_url, n

function init(args)
  head, prefix, callback_url, n = "GET " .. args[1] .. "&to=%2B49151", args[2], args[3], 0
  tail = "%20Your%20weekend%20bonus%20is%20waiting%3A%2050%20free%20spins%20until%20Sunday"
    .. "%20midnight. HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
  if callback_url ~= "" then callback_url = "&dlr-url=" .. callback_url end
end

function request()
  n = n + 1
  local url = callback_url ~= "" and callback_url .. prefix .. n or ""
  return head .. string.format("%08d", n % 10000) .. url .. "&text=" .. prefix .. n .. tail
end
