-- SPDX-License-Identifier: MIT
-- Prints what wrk found out: requests, microseconds, failures, and the median
-- and 99 % latency in microseconds.
function done(summary, latency, _)
	local failed = 0
	for _, n in pairs(summary.errors) do
		failed = failed + n
	end
	print("figures", summary.requests, summary.duration, failed,
		latency:percentile(50), latency:percentile(99))
end
