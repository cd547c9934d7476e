-- Posts one message after the other to Apprise API, each with a text of its own.
-- Arguments: path, prefix of the texts, URL of the service to notify.
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

function done(summary, latency)
  io.write(string.format(
    '\n{"requests":%d,"seconds":%f,"p50_ms":%f,"p99_ms":%f,"errors":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, summary.errors.connect + summary.errors.read
    + summary.errors.write + summary.errors.status + summary.errors.timeout))
end
